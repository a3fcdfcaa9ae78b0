import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { repository } from '../../main/spawn-cli.ts'
import { writeBigFile } from '../imports/write-big-file.ts'
import { readRequest, tellPoint } from './measure.ts'
import { watchTree } from '../process-tree.ts'

// Imports a table with the built command line and tells what its processes used.

const request = z
  .object({ format: z.enum(['csv', 'jsonl']), megabytes: z.number().positive() })
  .parse(readRequest())

/** Runs a command to its end. */
async function run(words: readonly string[]) {
  const began = performance.now()
  const child = spawn(process.execPath, ['out/main/cli.js', ...words, '--json'], {
    cwd: repository,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let errors = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text))
  const watch = watchTree(child.pid ?? 0)
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
  const use = watch.stop()
  if (code !== 0) throw new Error(`loracle ${words[0]} ended with exit code ${code}. ${errors.slice(-500)}`)
  return { ...use, wallMs: performance.now() - began }
}

const folder = await mkdtemp(join(tmpdir(), 'loracle-growth-import-'))
try {
  const path = join(folder, `table.${request.format}`)
  const home = join(folder, 'home')
  const { format, megabytes } = request
  const rows = await writeBigFile({ path, format, megabytes, questionsPerContext: 4, seed: 1 })
  await run(['project', 'create', 'Grown', '--home', home])
  tellPoint({ ...(await run(['import', path, '--project', 'Grown', '--home', home])), runs: 1, rows })
} finally {
  await rm(folder, { recursive: true, force: true })
}

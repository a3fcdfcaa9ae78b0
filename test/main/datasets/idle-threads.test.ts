import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../../support/temporary-folder.ts'
import { repository } from '../spawn-cli.ts'

/** Imports a file, closes the app, and says what still keeps the process alive. */
const script = `
const { createApp } = await import(process.argv[2])
const startTrainer = () => { throw new Error('No trainer is wanted here.') }
const [home, file] = process.argv.slice(4)
const app = await createApp({ home, root: process.argv[3], version: '0', host: 'cli', startTrainer })
const call = { emit: () => undefined, signal: new AbortController().signal }
const { id: projectId } = await app.handlers['projects.create']({ name: 'A' }, call)
await app.handlers['data.import']({ projectId, file: { path: file }, name: null, mapping: null, use: 'auto' }, call)
await app.dispose()
const ended = performance.now()
process.on('exit', () => process.stdout.write(String(performance.now() - ended)))
`

test('when the app has closed, no thread that has read a file keeps the process alive', async () => {
  const folder = await temporaryFolder()
  const paths = { script: join(folder, 'script.mjs'), file: join(folder, 'a.csv') }
  await writeFile(paths.script, script)
  await writeFile(paths.file, 'context,question,answer\nThe quay is closed.,What is closed?,The quay\n')
  const main = join(repository, 'main', 'app.ts')
  const args = [paths.script, main, repository, join(folder, 'home'), paths.file]
  const { stdout } = await promisify(execFile)(process.execPath, args)
  // An idle thread ends by itself after three seconds.
  expect(Number(stdout)).toBeLessThan(2_000)
})

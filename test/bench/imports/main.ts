/**
 * Measures how big tables are imported: the time to a preview, megabytes a second, the most memory, and how a cancel
 * in the middle ends. `npm run bench:import` prints one JSON document; `-- --megabytes 100` takes smaller files.
 * Take it on a quiet machine.
 */
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { mkdtemp, open, rm, stat } from 'node:fs/promises'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { repository } from '../../main/spawn-cli.ts'
import { writeBigFile } from './write-big-file.ts'

interface Ended {
  readonly seconds: number
  /** Until the import was told to be done; the summary of the project follows. */
  readonly sourceSeconds: number | null
  /** MB; null where the system does not say. */
  readonly peakMemory: number | null
  readonly code: number | null
  readonly lines: readonly Record<string, unknown>[]
}

/** Runs the built command line; `stopAt` ends it as Ctrl-C does when so many rows are reported. */
async function run(
  words: readonly string[],
  stopAt = Number.POSITIVE_INFINITY,
): Promise<Ended & { readonly stopSeconds: number }> {
  const began = performance.now()
  const child = spawn(process.execPath, ['out/main/cli.js', ...words, '--json'], {
    cwd: repository,
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  let text = ''
  let stopped = 0
  let sourceSeconds: number | null = null
  let peak: number | null = null
  child.stdout.setEncoding('utf8').on('data', (piece: string) => {
    text += piece
    if (sourceSeconds === null && text.includes('"type":"source"'))
      sourceSeconds = (performance.now() - began) / 1000
    const rows = Number(/\d+/.exec(piece.slice(piece.lastIndexOf('"rows":')))?.[0] ?? 0)
    if (stopped > 0 || rows < stopAt) return
    stopped = performance.now()
    child.kill('SIGINT')
  })
  const watch = setInterval(() => {
    peak = Math.max(peak ?? 0, peakOf(child.pid) ?? 0) || null
  }, 100)
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
  clearInterval(watch)
  const ended = performance.now()
  return {
    seconds: (ended - began) / 1000,
    sourceSeconds,
    stopSeconds: stopped === 0 ? 0 : (ended - stopped) / 1000,
    peakMemory: peak,
    code,
    lines: text
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as Record<string, unknown>),
  }
}

async function settled(path: string): Promise<void> {
  const file = await open(path, 'r+')
  await file.sync()
  await file.close()
}

/** The most resident memory that a process has had, in MB, as Linux says. */
function peakOf(pid: number | undefined): number | null {
  try {
    const found = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
    return found ? Number(found[1]) / 1000 : null
  } catch {
    return null
  }
}

const { values } = parseArgs({
  options: {
    megabytes: { type: 'string', default: '1000' },
    seed: { type: 'string', default: '1' },
    questions: { type: 'string', default: '4' },
    format: { type: 'string', default: 'csv,jsonl' },
  },
})
const folder = await mkdtemp(join(tmpdir(), 'loracle-bench-'))
const results: Record<string, unknown>[] = []
try {
  for (const format of ['csv', 'jsonl'] as const) {
    if (!values.format.split(',').includes(format)) continue
    const path = join(folder, `big.${format}`)
    const home = join(folder, 'home')
    const written = await writeBigFile({
      path,
      format,
      megabytes: Number(values.megabytes),
      questionsPerContext: Number(values.questions),
      seed: Number(values.seed),
    })
    const { size } = await stat(path)
    // What was just written is not to be on its way to the disk while the rest is measured.
    await settled(path)
    const inspected = await run(['inspect', path])
    await run(['project', 'create', 'Big', '--home', home])
    const before = loadavg()[0]
    const imported = await run(['import', path, '--project', 'Big', '--home', home])
    const source = imported.lines.find(({ type }) => type === 'source')
    const after = loadavg()[0]
    await rm(home, { recursive: true })
    await run(['project', 'create', 'Big', '--home', home])
    const cancelled = await run(['import', path, '--project', 'Big', '--home', home], written / 3)
    const left = await run(['project', 'list', '--home', home])
    results.push({
      format,
      megabytes: Math.round(size / 1e6),
      rows: written,
      inspectSeconds: inspected.seconds,
      importSeconds: imported.sourceSeconds,
      commandSeconds: imported.seconds,
      megabytesPerSecond: size / 1e6 / (imported.sourceSeconds ?? imported.seconds),
      peakMemoryMb: imported.peakMemory,
      examples: source?.['examples'] ?? null,
      exitCode: imported.code,
      cancel: { seconds: cancelled.stopSeconds, exitCode: cancelled.code, projects: left.lines },
      loadAverage: { before, after },
    })
    process.stderr.write(`${JSON.stringify(results.at(-1))}\n`)
    await rm(home, { recursive: true, force: true })
    await rm(path)
  }
} finally {
  await rm(folder, { recursive: true, force: true })
}
process.stdout.write(`${JSON.stringify(results, null, 2)}\n`)

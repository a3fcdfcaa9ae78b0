import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { writeFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { appErrorCodes } from '../../main/contract/errors.ts'
import { trainerErrorCodes } from '../../trainer/errors.ts'
import { mutant } from './mutate.ts'
import { readSamples } from './samples.ts'
import type { WorkerReport } from './worker.ts'

export interface FuzzOptions {
  readonly seed: number
  /** The first case, and how many. */
  readonly from: number
  readonly count: number
  /** Where the files are written; those of failures stay. */
  readonly folder: string
  onProgress?(done: number): void
  onFailure?(failure: FuzzFailure): void
}

export interface FuzzFailure {
  readonly index: number
  readonly path: string
  readonly story: string
  readonly fault: string
}

export interface FuzzSummary {
  readonly cases: number
  /** Cases that gave rows or passages; cases that ended with each code. */
  readonly outcomes: Readonly<Record<string, number>>
  readonly failures: readonly FuzzFailure[]
  /** Of one case: milliseconds, and bytes of its process. */
  readonly slowest: number
  readonly largest: number
}

const mostMilliseconds = 10_000
/** On the clock, for what waits without end. */
const mostWait = 30_000
const mostMemory = 1e9
/** A process grows with what it has read before, which is none of a single case's doing. */
const casesPerProcess = 150
/** What a reading may take in the app, too. */
const heapMegabytes = 700

const codes: ReadonlySet<string> = new Set(
  [...appErrorCodes, ...trainerErrorCodes].filter((code) => code !== 'internal'),
)

/** Reads mutants of all samples in a process of their own and counts what comes of them. */
export async function fuzzReaders({
  seed,
  from,
  count,
  folder,
  onProgress,
  onFailure,
}: FuzzOptions): Promise<FuzzSummary> {
  const samples = await readSamples()
  const outcomes: Record<string, number> = {}
  const failures: FuzzFailure[] = []
  let slowest = 0
  let largest = 0
  let worker: FuzzWorker | null = null
  try {
    for (let index = from; index < from + count; index++) {
      const { bytes, extension, story } = mutant(samples, seed, index)
      const path = join(folder, `case-${index}${extension}`)
      await writeFile(path, bytes)
      if (worker !== null && (index - from) % casesPerProcess === 0) {
        worker.stop()
        worker = null
      }
      worker ??= startWorker()
      const report = await worker.read(path)
      const fault = typeof report === 'string' ? report : faultOf(report)
      if (typeof report !== 'string') {
        slowest = Math.max(slowest, report.milliseconds)
        largest = Math.max(largest, report.memory)
      }
      for (const outcome of outcomesOf(report)) outcomes[outcome] = (outcomes[outcome] ?? 0) + 1
      if (fault === null) await rm(path)
      else {
        const failure = { index, path, story, fault }
        failures.push(failure)
        onFailure?.(failure)
        worker.stop()
        worker = null
      }
      onProgress?.(index - from + 1)
    }
  } finally {
    worker?.stop()
  }
  return { cases: count, outcomes, failures, slowest, largest }
}

function outcomesOf(report: WorkerReport | string): string[] {
  if (typeof report === 'string') return ['failed']
  const { passages, examples, problems } = report
  const found = [
    passages > 0 ? 'passages' : null,
    examples > 0 ? 'examples' : null,
    passages + examples === 0 && problems > 0 ? 'problems alone' : null,
    ...new Set(report.codes),
  ].filter((one) => one !== null)
  return found.length === 0 ? ['nothing'] : found
}

function faultOf({ codes: ended, stacks, milliseconds, memory }: WorkerReport): string | null {
  const wrong = ended.find((code) => !codes.has(code))
  if (wrong !== undefined) return `error ${wrong}: ${stacks[0] ?? ''}`
  if (milliseconds > mostMilliseconds) return `took ${Math.round(milliseconds)} ms`
  return memory > mostMemory ? `took ${Math.round(memory / 1e6)} MB` : null
}

interface FuzzWorker {
  /** What came of a file, or what became of the process. */
  read(path: string): Promise<WorkerReport | string>
  stop(): void
}

function startWorker(): FuzzWorker {
  const child = fork(join(import.meta.dirname, 'worker.ts'), [], {
    execArgv: ['--no-warnings', `--max-old-space-size=${heapMegabytes}`],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  let said = ''
  child.stderr?.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-4_000)
  })
  return { read: (path) => readIn(child, path, () => said), stop: () => child.kill('SIGKILL') }
}

function readIn(child: ChildProcess, path: string, said: () => string): Promise<WorkerReport | string> {
  return new Promise((resolve) => {
    const finish = (outcome: WorkerReport | string) => {
      clearTimeout(timer)
      child.off('message', onMessage)
      child.off('exit', onExit)
      resolve(outcome)
    }
    const onMessage = (report: unknown) => {
      finish(report as WorkerReport)
    }
    const onExit = (code: number | null, signal: string | null) => {
      finish(`crashed (${signal ?? code}): ${said()}`)
    }
    // Other work on the machine takes its share of the time.
    const timer = setTimeout(() => {
      finish(`did not end within ${mostWait} ms`)
    }, mostWait)
    child.on('message', onMessage)
    child.on('exit', onExit)
    child.send(path)
  })
}

import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { WorkerReport } from './worker.ts'

/** Of the processor. */
export const mostMilliseconds = 10_000
/** On the clock, for what waits without end: as long as its processor time stands still. */
const mostWait = 20_000
const lookEvery = 1_000

export interface ReadOptions {
  readonly target: string
  readonly seed: number
  readonly from: number
  /** The case after the last. */
  readonly end: number
  readonly folder: string
  /** Megabytes of objects that the process may hold. */
  readonly heap: number
  /** Where the process stands. */
  readonly cwd: string
  readonly signal: AbortSignal | undefined
  /** Takes a report; false ends the process. */
  onReport(report: WorkerReport): boolean
}

/** Reads cases in a process of their own. What became of it where it did not come to its end: then why, else null. */
export function readCases(options: ReadOptions): Promise<string | null> {
  const { target, seed, from, end, folder } = options
  const child = fork(
    join(import.meta.dirname, 'worker.ts'),
    [target, ...[seed, from, end].map(String), folder],
    {
      cwd: options.cwd,
      execArgv: ['--no-warnings', `--max-old-space-size=${options.heap}`],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    },
  )
  let said = ''
  child.stderr?.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-4_000)
  })
  return new Promise((resolve) => {
    let outcome: string | null = null
    let stopped = false
    const stop = (why: string | null) => {
      outcome ??= why
      stopped = true
      child.kill('SIGKILL')
    }
    let watch = watchOf(child)
    const timer = setInterval(() => {
      void watch().then((fault) => {
        if (fault !== null) stop(fault)
      })
    }, lookEvery)
    const onAbort = () => {
      stop(null)
    }
    options.signal?.addEventListener('abort', onAbort)
    child.on('message', (report) => {
      watch = watchOf(child)
      if (!stopped && !options.onReport(report as WorkerReport)) stop(null)
    })
    child.on('close', (code, signal) => {
      clearInterval(timer)
      options.signal?.removeEventListener('abort', onAbort)
      resolve(stopped || code === 0 ? outcome : `crashed (${signal ?? code}): ${said}`)
    })
  })
}

/** Says when a reading takes too long: other work on the machine takes its share of the clock's time. */
function watchOf(child: ChildProcess): () => Promise<string | null> {
  const start = performance.now()
  let first: number | null = null
  let last: { readonly used: number | null; readonly at: number } = { used: null, at: start }
  return async () => {
    const used = await processorTime(child.pid ?? 0)
    const now = performance.now()
    first ??= used
    if (used !== last.used) last = { used, at: now }
    if (used !== null && first !== null && used - first > mostMilliseconds + 2 * lookEvery)
      return `did not end within ${mostMilliseconds} ms of the processor`
    return now - last.at > mostWait ? `waited without end (${Math.round(now - start)} ms)` : null
  }
}

/** Milliseconds of the processor that a process has used; null where the system does not say. */
async function processorTime(pid: number): Promise<number | null> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null)
  if (stat === null) return null
  // The name before them may hold anything.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return 10 * (Number(fields[11]) + Number(fields[12]))
}

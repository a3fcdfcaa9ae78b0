import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { mostMilliseconds, readCases } from './reading-process.ts'
import { targets } from './targets.ts'
import type { Target, TargetName } from './targets.ts'
import type { WorkerReport } from './worker.ts'

export interface FuzzOptions {
  readonly target: TargetName
  readonly seed: number
  /** The first case, and how many. */
  readonly from: number
  readonly count: number
  /** Where the files are written; those of failures stay. */
  readonly folder: string
  /** Tells to end early. */
  readonly signal?: AbortSignal
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
  /** Cases by what was made of them and by each code that they ended with. */
  readonly outcomes: Readonly<Record<string, number>>
  readonly failures: readonly FuzzFailure[]
  /** Of one case: milliseconds of the processor, and bytes of its process, with their cases. */
  readonly slowest: number
  readonly slowestCase: number
  readonly largest: number
  readonly largestCase: number
}

/**
 * Makes hostile files for a target and reads them, each in a folder of its own, in processes of their own that stand
 * elsewhere, and counts what comes of them. A failure is an error without a code from the closed lists, a sentence that
 * no one could be shown, a process that ends, ten seconds of the processor (or twenty without any of it), memory over
 * the target's bound, or a file that appears beside the case's folder or where the process stands.
 */
export async function fuzz(options: FuzzOptions): Promise<FuzzSummary> {
  const { seed, from, count, folder, signal } = options
  const target: Target = targets[options.target]
  const cwd = join(folder, 'elsewhere')
  await mkdir(cwd, { recursive: true })
  const outcomes: Record<string, number> = {}
  const failures: FuzzFailure[] = []
  const worst = { slowest: 0, slowestCase: from, largest: 0, largestCase: from }
  let next = from
  const take = (
    index: number,
    found: readonly string[],
    failure: Omit<FuzzFailure, 'index' | 'path'> | null,
  ) => {
    next = index + 1
    for (const outcome of failure ? ['failed'] : new Set(found))
      outcomes[outcome] = (outcomes[outcome] ?? 0) + 1
    if (failure) {
      const whole = { index, path: join(folder, `case-${index}`), ...failure }
      failures.push(whole)
      options.onFailure?.(whole)
    }
    options.onProgress?.(next - from)
  }
  while (next < from + count && !signal?.aborted) {
    const end = Math.min(next + target.casesPerProcess, from + count)
    const ended = await readCases({
      ...{ target: options.target, seed, from: next, end, folder, heap: target.heap, cwd, signal },
      onReport: ({ index, story, outcomes: found, fault, milliseconds, memory }) => {
        if (milliseconds > worst.slowest) Object.assign(worst, { slowest: milliseconds, slowestCase: index })
        if (memory > worst.largest) Object.assign(worst, { largest: memory, largestCase: index })
        const wrong = fault ?? excessOf({ milliseconds, memory }, target)
        take(index, found, wrong === null ? null : { story, fault: wrong })
        // The next case begins with a process that nothing has happened to.
        return wrong === null
      },
    })
    if (ended !== null) take(next, [], { story: 'see its files', fault: ended })
  }
  return { cases: next - from, outcomes, failures, ...worst }
}

function excessOf(
  { milliseconds, memory }: Pick<WorkerReport, 'milliseconds' | 'memory'>,
  target: Target,
): string | null {
  if (milliseconds > mostMilliseconds) return `took ${Math.round(milliseconds)} ms`
  return memory > target.memory * 1e6 ? `took ${Math.round(memory / 1e6)} MB` : null
}

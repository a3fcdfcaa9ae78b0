/** What came of a run of a fuzzer of the wire. */
export interface ProtocolSummary {
  readonly cases: number
  /** How often each outcome was met: codes of errors, statuses, ends of connections. */
  readonly outcomes: Readonly<Record<string, number>>
  readonly failures: readonly ProtocolFailure[]
  /** Milliseconds of one case by the clock, and which it was. */
  readonly slowest: { readonly milliseconds: number; readonly index: number }
  /** Bytes of the process at most, and bytes of live objects gained per thousand cases after the first quarter. */
  readonly largest: number
  readonly slope: number
}

export interface ProtocolFailure {
  readonly index: number
  readonly fault: string
}

export interface ProtocolOptions {
  readonly seed: number
  /** The first case, and how many. */
  readonly from: number
  readonly count: number
  /** Cases whose faults are of no interest: they only lead up to the others. */
  readonly leadUp?: number
  onFailure?(failure: ProtocolFailure): void
  onProgress?(done: number): void
}

/** A case may take so long of the processor, and by the clock on a machine that does other things too. */
export const mostWork = 10_000
export const mostWait = 60_000
/** Bytes that the process may hold at any time. */
export const mostMemory = 1.5e9

export interface Counting {
  outcome(name: string): void
  fault(index: number, fault: string): void
  /** Begins to measure a case. @returns what tells that it has ended */
  begin(index: number): () => void
  /** Measures memory; to be called when little is at work. */
  measure(done: number): void
  summary(cases: number): ProtocolSummary
}

/** Counts outcomes and faults, and measures time and memory. */
export function createCounting({ from, leadUp = 0, onFailure }: ProtocolOptions): Counting {
  const outcomes: Record<string, number> = {}
  const failures: ProtocolFailure[] = []
  const heaps: { readonly done: number; readonly bytes: number }[] = []
  let slowest = { milliseconds: 0, index: from }
  let largest = 0
  const fault = (index: number, said: string): void => {
    if (index < from + leadUp) return
    const failure = { index, fault: said }
    failures.push(failure)
    onFailure?.(failure)
  }
  return {
    outcome: (name) => {
      outcomes[name] = (outcomes[name] ?? 0) + 1
    },
    fault,
    begin: (index) => {
      const [start, work] = [performance.now(), process.cpuUsage()]
      return () => {
        const milliseconds = performance.now() - start
        if (milliseconds > slowest.milliseconds) slowest = { milliseconds, index }
        if (milliseconds <= mostWork) return
        const { user, system } = process.cpuUsage(work)
        if ((user + system) / 1000 > mostWork || milliseconds > mostWait)
          fault(
            index,
            `took ${Math.round(milliseconds)} ms, ${Math.round((user + system) / 1000)} of the processor`,
          )
      }
    },
    measure: (done) => {
      const { rss } = process.memoryUsage()
      if (rss > mostMemory && largest <= mostMemory)
        fault(from + done, `the process holds ${Math.round(rss / 1e6)} MB`)
      largest = Math.max(largest, rss)
      globalThis.gc?.()
      heaps.push({ done, bytes: process.memoryUsage().heapUsed + process.memoryUsage().external })
    },
    summary: (cases) => ({ cases, outcomes, failures, slowest, largest, slope: slopeOf(heaps, cases / 4) }),
  }
}

/** Bytes per thousand cases, by least squares over what was measured after the warm-up. */
function slopeOf(heaps: readonly { readonly done: number; readonly bytes: number }[], warm: number): number {
  const points = heaps.filter(({ done }) => done >= warm)
  const mean = (values: readonly number[]) => values.reduce((sum, one) => sum + one, 0) / values.length
  const [x, y] = [mean(points.map(({ done }) => done)), mean(points.map(({ bytes }) => bytes))]
  const spread = points.reduce((sum, { done }) => sum + (done - x) ** 2, 0)
  const common = points.reduce((sum, { done, bytes }) => sum + (done - x) * (bytes - y), 0)
  return spread === 0 ? 0 : (common / spread) * 1000
}

export function printed(target: string, seed: number, summary: ProtocolSummary): string {
  const { cases, failures, outcomes, slowest, largest, slope } = summary
  const counts = Object.entries(outcomes).sort(([, a], [, b]) => b - a)
  return [
    `${target}, seed ${seed}: ${cases} cases, ${failures.length} failures`,
    `  outcomes: ${counts.map(([name, many]) => `${name} ${many}`).join(', ')}`,
    `  slowest ${Math.round(slowest.milliseconds)} ms (case ${slowest.index}), process at most ${Math.round(largest / 1e6)} MB, live objects ${slope >= 0 ? '+' : ''}${Math.round(slope / 1e3)} kB per 1000 cases`,
    '',
  ].join('\n')
}

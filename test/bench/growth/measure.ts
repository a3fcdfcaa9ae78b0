import { peakOf } from '../process-tree.ts'
import { median } from '../statistics.ts'

/** What one point of a sweep cost. */
export interface Measured {
  /** Milliseconds of all processors together, the median over the counted runs. */
  readonly processorMs: number
  readonly wallMs: number
  readonly runs: number
  /** The most memory that the process has had resident, in MiB; null where the system does not say. */
  readonly peakMb: number | null
}

export interface MeasureOptions {
  /** Runs that are not counted. */
  readonly warmUps?: number
  /** Counted runs go on until there are so many, */
  readonly most: number
  /** or until they have taken so many seconds; two are counted at least, one where it takes long. */
  readonly seconds: number
}

const leastRuns = 2
const longRunMs = 20_000

/** Runs some work again and again and takes its time; the peak memory is that of this process so far. */
export async function measure(
  work: () => Promise<void> | void,
  { warmUps = 1, most, seconds }: MeasureOptions,
): Promise<Measured> {
  for (let i = 0; i < warmUps; i++) await work()
  const processor: number[] = []
  const wall: number[] = []
  const until = performance.now() + 1000 * seconds
  const isEnough = () =>
    wall.length >= leastRuns || (wall[0] ?? 0) > longRunMs ? performance.now() >= until : false
  while (wall.length < most && !isEnough()) {
    const [began, used] = [performance.now(), process.cpuUsage()]
    await work()
    const { user, system } = process.cpuUsage(used)
    processor.push((user + system) / 1000)
    wall.push(performance.now() - began)
  }
  return { processorMs: median(processor), wallMs: median(wall), runs: wall.length, peakMb: peakOf('self') }
}

/** Writes a point as the one line that whoever started this process waits for. */
export function tellPoint(point: object): void {
  process.stdout.write(`${JSON.stringify(point)}\n`)
}

/** The request of this process: its only argument, as JSON. */
export function readRequest(): unknown {
  return JSON.parse(process.argv[2] ?? 'null')
}

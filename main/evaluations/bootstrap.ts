import { seededRandom } from '../../trainer/data/random.ts'
import { aggregate } from '../../trainer/metrics/aggregate.ts'
import type { Column } from '../../trainer/metrics/aggregate.ts'
import type { Interval } from '../contract/comparisons.ts'

export interface BootstrapOptions {
  readonly seed?: number
  readonly resamples?: number
  /** Milliseconds of work after which the process's other tasks get their turn. */
  readonly sliceMs?: number
}

/** A metric of the same answers before and after, as columns of as many rows. */
export interface ColumnPair {
  readonly before: Column
  readonly after: Column
}

/** A metric before and after, and what it gained. */
export interface PairedValues {
  readonly before: Interval
  readonly after: Interval
  readonly difference: Interval
}

/**
 * Metrics before and after with their 95 % intervals: the percentile bootstrap over questions (Efron and Tibshirani
 * 1993, chapter 13). A resample draws questions with all that belongs to them, so that the differences are paired, and
 * computes every metric anew: also those that are no means, such as BLEU (Koehn 2004). The same columns and seed give
 * the same intervals. Runs in slices: a host stays responsive meanwhile.
 */
export async function bootstrapPairs(
  pairs: readonly ColumnPair[],
  { seed = 42, resamples = 1000, sliceMs = 25 }: BootstrapOptions = {},
): Promise<readonly PairedValues[]> {
  const rows = pairs[0]?.before.rows ?? 0
  const random = seededRandom(seed, 'bootstrap')
  const columns = pairs.flatMap(({ before, after }) => [before, after])
  const resampled = columns.map(() => new Float64Array(resamples))
  const times = new Float64Array(rows)
  let sliceEnd = performance.now() + sliceMs
  for (let resample = 0; resample < resamples; resample++) {
    times.fill(0)
    for (let draw = 0; draw < rows; draw++) {
      const row = Math.floor(random() * rows)
      times[row] = (times[row] ?? 0) + 1
    }
    for (const [i, column] of columns.entries()) {
      const values = resampled[i]
      if (values) values[resample] = aggregate(column, times)
    }
    if (performance.now() > sliceEnd) {
      await new Promise(setImmediate)
      sliceEnd = performance.now() + sliceMs
    }
  }
  return pairs.map((pair, i) => {
    const before = resampled[2 * i] ?? new Float64Array()
    const after = resampled[2 * i + 1] ?? new Float64Array()
    const [valueBefore, valueAfter] = [aggregate(pair.before), aggregate(pair.after)]
    return {
      before: intervalOf(valueBefore, before),
      after: intervalOf(valueAfter, after),
      difference: intervalOf(
        valueAfter - valueBefore,
        after.map((value, at) => value - (before[at] ?? 0)),
      ),
    }
  })
}

function intervalOf(value: number, resampled: Float64Array): Interval {
  const sorted = resampled.toSorted()
  return { value, low: quantile(sorted, 0.025), high: quantile(sorted, 0.975) }
}

/** Between neighbouring order statistics, linearly, as NumPy does by default. */
function quantile(sorted: Float64Array, share: number): number {
  const place = share * (sorted.length - 1)
  const below = Math.floor(place)
  const [low, high] = [sorted[below] ?? 0, sorted[below + 1] ?? sorted[below] ?? 0]
  return low + (place - below) * (high - low)
}

import { seededRandom } from '../../trainer/data/random.ts'
import type { Random } from '../../trainer/data/random.ts'
import type { Interval } from '../contract/comparisons.ts'

export interface BootstrapOptions {
  readonly seed?: number
  readonly resamples?: number
  /** Milliseconds of work after which the process's other tasks get their turn. */
  readonly sliceMs?: number
}

/** A measure before and after, and what it gained. */
export interface PairedMeans {
  readonly before: Interval
  readonly after: Interval
  readonly difference: Interval
}

/** Figures of a question: before and after by one measure, before and after by another. */
export const figuresPerQuestion = 4

/**
 * Means of two measures before and after, with their 95 % intervals: the percentile bootstrap over questions (Efron
 * and Tibshirani 1993, chapter 13). `figures` holds `figuresPerQuestion` values for each question. A resample draws
 * questions with all their figures, so that the differences are paired. The same figures and seed give the same
 * intervals. Runs in slices: a host stays responsive meanwhile.
 */
export async function bootstrapPairs(
  figures: Float64Array,
  { seed = 42, resamples = 1000, sliceMs = 25 }: BootstrapOptions = {},
): Promise<readonly [PairedMeans, PairedMeans]> {
  const rows = figures.length / figuresPerQuestion
  const random = seededRandom(seed, 'bootstrap')
  const means = [0, 1, 2, 3].map(() => new Float64Array(resamples))
  let sliceEnd = performance.now() + sliceMs
  for (let resample = 0; resample < resamples; resample++) {
    const sums = drawnSums(figures, rows, random)
    means.forEach((column, i) => (column[resample] = (sums[i] ?? 0) / rows))
    if (performance.now() > sliceEnd) {
      await new Promise(setImmediate)
      sliceEnd = performance.now() + sliceMs
    }
  }
  const actual = [0, 1, 2, 3].map((column) => meanOf(figures, column))
  const pairAt = (at: number): PairedMeans => {
    const [before, after] = [means[at] ?? new Float64Array(), means[at + 1] ?? new Float64Array()]
    const [valueBefore, valueAfter] = [actual[at] ?? 0, actual[at + 1] ?? 0]
    return {
      before: intervalOf(valueBefore, before),
      after: intervalOf(valueAfter, after),
      difference: intervalOf(
        valueAfter - valueBefore,
        after.map((value, i) => value - (before[i] ?? 0)),
      ),
    }
  }
  return [pairAt(0), pairAt(2)]
}

/** Sums over as many questions as there are, drawn with replacement. */
function drawnSums(figures: Float64Array, rows: number, random: Random): readonly number[] {
  // Four sums by hand: a loop over the columns takes twice as long.
  let [a, b, c, d] = [0, 0, 0, 0]
  for (let draw = 0; draw < rows; draw++) {
    const at = Math.floor(random() * rows) * figuresPerQuestion
    a += figures[at] ?? 0
    b += figures[at + 1] ?? 0
    c += figures[at + 2] ?? 0
    d += figures[at + 3] ?? 0
  }
  return [a, b, c, d]
}

function meanOf(figures: Float64Array, column: number): number {
  let sum = 0
  for (let at = column; at < figures.length; at += figuresPerQuestion) sum += figures[at] ?? 0
  return (sum * figuresPerQuestion) / figures.length
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

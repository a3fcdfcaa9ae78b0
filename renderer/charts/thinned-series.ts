/**
 * A growing series of steps with several measures, thinned into buckets as points arrive: each bucket keeps the
 * mean, the least and the greatest of every measure, so that no spike is lost however long the run gets.
 */
export interface ThinnedSeries<Measure extends string> {
  /** Steps that were added, thinned or not. */
  readonly recorded: number
  /** Buckets there are now. */
  readonly length: number
  /** Adds a point. Steps must not fall; a step that does (a run went back to its checkpoint) drops what is at or after it. */
  add(step: number, values: Readonly<Record<Measure, number>>): void
  clear(): void
  /** The last step of each bucket, rising. A view: it is valid until the next `add`. */
  steps(): Float64Array
  /** One number a bucket, as views valid until the next `add`. */
  means(measure: Measure): Float64Array
  minima(measure: Measure): Float64Array
  maxima(measure: Measure): Float64Array
}

interface Columns {
  readonly mean: Float64Array
  readonly min: Float64Array
  readonly max: Float64Array
}

/**
 * An empty series of at most `maxBuckets` buckets. When they are full, the buckets grow twice as wide and
 * neighbours merge, which costs O(1) a point on average and keeps memory constant.
 *
 * ```ts
 * const series = createThinnedSeries(['loss', 'gradNorm'], 1000)
 * series.add(1, { loss: 3.2, gradNorm: 0.9 })
 * ```
 */
export function createThinnedSeries<Measure extends string>(
  measures: readonly Measure[],
  maxBuckets: number,
): ThinnedSeries<Measure> {
  if (!Number.isInteger(maxBuckets) || maxBuckets < 2)
    throw new RangeError(`A series of ${maxBuckets} buckets cannot be kept: take 2 or more.`)
  const last = new Float64Array(maxBuckets + 1)
  const counts = new Float64Array(maxBuckets + 1)
  const columns = new Map<Measure, Columns>(
    measures.map((measure) => [measure, emptyColumns(maxBuckets + 1)]),
  )
  let length = 0
  let recorded = 0
  let width = 1

  const keyOf = (index: number): number => Math.floor((last[index] ?? 0) / width)

  const put = (index: number, step: number, values: Readonly<Record<Measure, number>>): void => {
    last[index] = step
    counts[index] = 1
    for (const [measure, { mean, min, max }] of columns)
      mean[index] = min[index] = max[index] = values[measure]
  }

  const fold = (index: number, step: number, values: Readonly<Record<Measure, number>>): void => {
    last[index] = step
    const count = (counts[index] ?? 0) + 1
    counts[index] = count
    for (const [measure, { mean, min, max }] of columns) {
      const value = values[measure]
      mean[index] = (mean[index] ?? 0) + (value - (mean[index] ?? 0)) / count
      min[index] = Math.min(min[index] ?? value, value)
      max[index] = Math.max(max[index] ?? value, value)
    }
  }

  /** Merges bucket `from` into bucket `to`, which lies before it. */
  const merge = (to: number, from: number): void => {
    const left = counts[to] ?? 0
    const right = counts[from] ?? 0
    last[to] = last[from] ?? 0
    counts[to] = left + right
    for (const { mean, min, max } of columns.values()) {
      mean[to] = ((mean[to] ?? 0) * left + (mean[from] ?? 0) * right) / (left + right)
      min[to] = Math.min(min[to] ?? 0, min[from] ?? 0)
      max[to] = Math.max(max[to] ?? 0, max[from] ?? 0)
    }
  }

  const move = (to: number, from: number): void => {
    last[to] = last[from] ?? 0
    counts[to] = counts[from] ?? 0
    for (const { mean, min, max } of columns.values()) {
      mean[to] = mean[from] ?? 0
      min[to] = min[from] ?? 0
      max[to] = max[from] ?? 0
    }
  }

  const widen = (): void => {
    width *= 2
    let kept = 0
    for (let index = 1; index < length; index++) {
      if (keyOf(index) === keyOf(kept)) merge(kept, index)
      else if (++kept !== index) move(kept, index)
    }
    length = kept + 1
  }

  const dropFrom = (step: number): void => {
    while (length > 0 && (last[length - 1] ?? 0) >= step) {
      length -= 1
      recorded -= counts[length] ?? 0
    }
  }

  return {
    get recorded() {
      return recorded
    },
    get length() {
      return length
    },
    add(step, values) {
      if (length > 0 && step <= (last[length - 1] ?? 0)) dropFrom(step)
      recorded += 1
      if (length > 0 && Math.floor(step / width) === keyOf(length - 1)) {
        fold(length - 1, step, values)
        return
      }
      put(length, step, values)
      length += 1
      while (length > maxBuckets) widen()
    },
    clear() {
      length = 0
      recorded = 0
      width = 1
    },
    steps: () => last.subarray(0, length),
    means: (measure) => columnsOf(columns, measure).mean.subarray(0, length),
    minima: (measure) => columnsOf(columns, measure).min.subarray(0, length),
    maxima: (measure) => columnsOf(columns, measure).max.subarray(0, length),
  }
}

function emptyColumns(length: number): Columns {
  return { mean: new Float64Array(length), min: new Float64Array(length), max: new Float64Array(length) }
}

function columnsOf<Measure extends string>(
  columns: ReadonlyMap<Measure, Columns>,
  measure: Measure,
): Columns {
  const found = columns.get(measure)
  if (!found) throw new RangeError(`The series has no measure ${measure}.`)
  return found
}

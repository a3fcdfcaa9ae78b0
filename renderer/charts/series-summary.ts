export interface SeriesSummary {
  readonly last: number
  readonly min: number
  readonly max: number
  /** Whether the last value lies below or above the first by more than a hundredth of the range. */
  readonly trend: 'falling' | 'rising' | 'level'
}

/** What a chart's text alternative says: null for a series without a finite value. */
export function summarise(
  values: ArrayLike<number | null>,
  minima: ArrayLike<number | null> = values,
  maxima: ArrayLike<number | null> = values,
): SeriesSummary | null {
  const finite = Array.from(values).filter(isFiniteNumber)
  const first = finite[0]
  const last = finite.at(-1)
  if (first === undefined || last === undefined) return null
  const min = least(minima)
  const max = greatest(maxima)
  const step = (max - min) / 100
  const trend = last < first - step ? 'falling' : last > first + step ? 'rising' : 'level'
  return { last, min, max, trend }
}

function isFiniteNumber(value: number | null): value is number {
  return value !== null && Number.isFinite(value)
}

function least(values: ArrayLike<number | null>): number {
  return Array.from(values)
    .filter(isFiniteNumber)
    .reduce((best, value) => Math.min(best, value), Infinity)
}

function greatest(values: ArrayLike<number | null>): number {
  return Array.from(values)
    .filter(isFiniteNumber)
    .reduce((best, value) => Math.max(best, value), -Infinity)
}

/** How a row of measurements is spread; all in the measurements' own unit. */
export interface Summary {
  readonly count: number
  readonly min: number
  readonly lowerQuartile: number
  readonly median: number
  readonly upperQuartile: number
  readonly max: number
}

/**
 * Median, quartiles and extremes of at least one measurement.
 *
 * @throws RangeError for no measurements, or one that is not finite.
 */
export function summarize(values: readonly number[]): Summary {
  return {
    count: values.length,
    min: quantile(values, 0),
    lowerQuartile: quantile(values, 0.25),
    median: quantile(values, 0.5),
    upperQuartile: quantile(values, 0.75),
    max: quantile(values, 1),
  }
}

/** The median of at least one measurement; throws as `summarize` does. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5)
}

/**
 * The value below which the share `p`, 0 to 1, of the measurements lies, linear between neighbours (type 7 of
 * Hyndman and Fan 1996, the default of NumPy and R).
 *
 * @throws RangeError for no measurements, one that is not finite, or a share outside 0 to 1.
 */
export function quantile(values: readonly number[], p: number): number {
  if (values.length === 0) throw new RangeError('There are no measurements to summarise.')
  if (!values.every(Number.isFinite)) throw new RangeError('A measurement is not a finite number.')
  if (!(p >= 0 && p <= 1)) throw new RangeError(`The share ${p} is not within 0 and 1.`)
  const sorted = values.toSorted((a, b) => a - b)
  const place = p * (sorted.length - 1)
  const below = sorted[Math.floor(place)] ?? NaN
  const above = sorted[Math.ceil(place)] ?? NaN
  return below + (above - below) * (place - Math.floor(place))
}

/** Widths of the chart in which the smoothing weight is counted, so that zooming and thinning do not change it. */
const viewportUnits = 1000
/** A heavier weight would hold the line at its first value for the whole run. */
const heaviest = 0.999

/**
 * An exponential moving average over unevenly spaced steps, without the pull towards zero at its start. The weight
 * counts by the share of the chart's width between two points, so thinning the series leaves the line where it was
 * (the time-weighted average of Weights & Biases).
 *
 * @param weight 0 gives the values as they are; towards 1 the line gets smoother
 */
export function smoothed(
  steps: ArrayLike<number>,
  values: ArrayLike<number>,
  weight: number,
): Float64Array<ArrayBuffer> {
  const result = Float64Array.from(values)
  const range = (steps[steps.length - 1] ?? 0) - (steps[0] ?? 0)
  if (weight <= 0 || range <= 0) return result
  const base = Math.min(Math.sqrt(weight), heaviest)
  let sum = 0
  let mass = 0
  for (let index = 0; index < result.length; index++) {
    const gap = index === 0 ? 0 : (steps[index] ?? 0) - (steps[index - 1] ?? 0)
    const decay = base ** ((gap / range) * viewportUnits)
    const value = values[index] ?? 0
    // One bad number would otherwise stay in the sum to the end.
    if (!Number.isFinite(value)) continue
    sum = sum * decay + value
    mass = mass * decay + 1
    result[index] = sum / mass
  }
  return result
}

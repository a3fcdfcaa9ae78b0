export interface Point {
  readonly x: number
  readonly y: number
}

export interface Line {
  readonly slope: number
  /** Half the width of the slope's 95 % confidence interval, as if the residuals were independent. */
  readonly margin: number
  /** The line's value where x is the mean of all. */
  readonly mean: number
  /** The share of the variance that the line explains; 1 where there is none. */
  readonly explained: number
}

/**
 * The line of least squares.
 *
 * @throws RangeError with fewer than three points, or all at one place: no slope can be told then.
 */
export function fitLine(points: readonly Point[]): Line {
  const count = points.length
  const meanX = points.reduce((sum, { x }) => sum + x, 0) / count
  const mean = points.reduce((sum, { y }) => sum + y, 0) / count
  let [xx, xy, yy] = [0, 0, 0]
  for (const { x, y } of points) {
    xx += (x - meanX) ** 2
    xy += (x - meanX) * (y - mean)
    yy += (y - mean) ** 2
  }
  if (count < 3 || xx === 0) throw new RangeError(`No line can be laid through ${count} points.`)
  const slope = xy / xx
  const residual = Math.max(0, yy - slope * xy)
  const margin = studentQuantile(count - 2) * Math.sqrt(residual / (count - 2) / xx)
  return { slope, margin, mean, explained: yy === 0 ? 1 : 1 - residual / yy }
}

/** The 97.5 % quantile of Student's t; Cornish and Fisher's expansion, to a hundredth from 3 degrees on. */
function studentQuantile(freedom: number): number {
  const z = 1.959964
  if (freedom === 1) return 12.706
  if (freedom === 2) return 4.303
  const terms = [
    (z ** 3 + z) / (4 * freedom),
    (5 * z ** 5 + 16 * z ** 3 + 3 * z) / (96 * freedom ** 2),
    (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / (384 * freedom ** 3),
  ]
  return terms.reduce((sum, term) => sum + term, z)
}

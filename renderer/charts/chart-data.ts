/** What a chart draws: one column of steps, and for each line of the chart a column as long. Null is a gap. */
export interface ChartData {
  readonly steps: ArrayLike<number>
  readonly columns: readonly ArrayLike<number | null>[]
}

/** How a line of a chart is drawn. */
export interface ChartLine {
  readonly label: string
  /** A colour of the theme, such as `--chart-1`. */
  readonly colour: string
  /**
   * `line`; `dots` joined by a thin line, for values that come now and then; `ring` around single values;
   * `faint`, a line behind another;
   * `edge`, unseen, two of which in a row bound a filled band.
   */
  readonly kind: 'line' | 'faint' | 'dots' | 'ring' | 'edge'
}

/**
 * Sparse values as a column beside denser steps: each at the first step that is not before its own, so that it
 * stands where the line was then.
 *
 * @param steps rising
 * @param points rising by step
 */
export function alongside(
  steps: ArrayLike<number>,
  points: readonly { readonly step: number; readonly value: number | null }[],
): (number | null)[] {
  const column = Array<number | null>(steps.length).fill(null)
  let index = 0
  for (const { step, value } of points) {
    while (index < steps.length - 1 && (steps[index] ?? 0) < step) index += 1
    if (value !== null && index < steps.length) column[index] = value
  }
  return column
}

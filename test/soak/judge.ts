import { fitLine } from './line-fit.ts'
import type { Line, Point } from './line-fit.ts'

/** One measure over the length of a test, and how fast it may grow. */
export interface Measure {
  readonly name: string
  readonly unit: string
  readonly points: readonly Point[]
  /** The most that it may grow for each unit of x; null for one that is shown only. */
  readonly most: number | null
  /** The share of growth about the line that must be explained by it, for what is to grow steadily. */
  readonly steady?: number
}

export interface Judged {
  readonly measure: Measure
  readonly line: Line
  readonly first: number
  readonly last: number
  /** What is wrong; null where nothing is. */
  readonly fault: string | null
}

/**
 * The share of a test's beginning that is left out: caches, arenas and compiled code fill up in it. The heap outside of
 * V8 in a bare trainer takes 18,000 steps until it stands still.
 */
export const warmUp = 0.5

/** Lays a line through what a measure was after the warm-up, and holds its slope against the bound. */
export function judge(measure: Measure): Judged {
  const { name, unit, most, steady = 0, points } = measure
  const end = points.at(-1)?.x ?? 0
  const begin = points[0]?.x ?? 0
  const kept = points.filter(({ x }) => x - begin >= warmUp * (end - begin))
  const line = fitLine(kept)
  const faults = [
    // What cannot be told from standing still is no growth.
    ...(most !== null && line.slope > most && line.slope - line.margin > 0
      ? [`${name} grows by ${shown(line.slope)} ${unit}, and may by ${shown(most)}`]
      : []),
    ...(line.explained < steady
      ? [`${name} grows unsteadily: the line explains ${(100 * line.explained).toFixed(1)} %`]
      : []),
  ]
  return {
    measure,
    line,
    first: kept[0]?.y ?? NaN,
    last: kept.at(-1)?.y ?? NaN,
    fault: faults.length > 0 ? faults.join('; ') : null,
  }
}

/**
 * The table of all measures, one a line.
 *
 * @param per what x is scaled to in the table: 1000 with the name `1,000 steps`
 * @param far a length to say the growth over, with its name
 */
export function judgements(
  judged: readonly Judged[],
  per: { readonly count: number; readonly name: string },
  far: { readonly count: number; readonly name: string },
): string {
  const header = ['measure', 'at first', 'at last', `per ${per.name}`, '±', 'at most', `per ${far.name}`, '']
  const rows = judged.map(({ measure, line, first, last, fault }) => [
    `${measure.name}, ${measure.unit}`,
    shown(first),
    shown(last),
    shown(line.slope * per.count),
    shown(line.margin * per.count),
    measure.most === null ? '–' : shown(measure.most * per.count),
    shown(line.slope * far.count),
    fault === null ? 'ok' : 'BROKEN',
  ])
  const table = [header, ...rows]
  const widths = header.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0)))
  return table
    .map((row) =>
      row
        .map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

function shown(value: number): string {
  if (value === 0) return '0'
  const size = Math.abs(value)
  return value.toFixed(size >= 100 ? 0 : size >= 1 ? 2 : 4)
}

import type { Ratio, SideFigures } from './figures.ts'
import { columnWidths } from './markdown-table.ts'
import type { CaseResult } from './run-case.ts'

const headings = [
  'case',
  'side',
  'load s',
  'start s',
  'median ms',
  'quartiles ms',
  'processor ms',
  'a second',
  'peak MiB',
]

/** The results as a table for people, their ratios under it. */
export function formatTable(results: readonly CaseResult[]): string {
  const rows = [headings, ...results.flatMap(rowsOf)]
  const widths = columnWidths(rows)
  const lines = rows.map((row) =>
    row
      .map((cell, column) =>
        column < 2 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  )
  const ratios = results.flatMap(({ name, ratios }) => ratios.map((ratio) => `${name}: ${told(ratio)}`))
  const problems = results.flatMap(({ name, error, failed }) => [
    ...(error === undefined ? [] : [`${name}: ${error}`]),
    ...Object.entries(failed).map(([side, reason]) => `${name}: no figures of ${side}: ${reason}`),
  ])
  return [...lines, ...ratios, ...problems].join('\n')
}

function rowsOf({ name, sides }: CaseResult): string[][] {
  return Object.entries(sides).map(([side, figures], i) => [i === 0 ? name : '', side, ...cellsOf(figures)])
}

function cellsOf(figures: SideFigures): string[] {
  const { median, lowerQuartile, upperQuartile } = figures.milliseconds
  return [
    figures.loadSeconds?.toFixed(2) ?? '',
    figures.startSeconds.toFixed(2),
    median.toFixed(0),
    `${lowerQuartile.toFixed(0)}-${upperQuartile.toFixed(0)}`,
    figures.processorMilliseconds?.median.toFixed(0) ?? '',
    Object.entries(figures.perSecond)
      .map(([name, value]) => `${value >= 100 ? value.toFixed(0) : value.toPrecision(3)} ${name}`)
      .join(', '),
    figures.peakRssMb.toFixed(0),
  ]
}

function told({ side, against, time, processor, memory, start }: Ratio): string {
  const spent = processor === undefined ? '' : `, processor time ${processor.toFixed(2)}`
  return `${side} against ${against}: time ${time.toFixed(2)}${spent}, memory ${memory.toFixed(2)}, start ${start.toFixed(2)}`
}

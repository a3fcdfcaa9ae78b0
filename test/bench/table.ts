import type { CaseResult } from './run-case.ts'
import type { SideFigures } from './side.ts'

const headings = [
  'case',
  'by',
  'load s',
  'first s',
  'median ms',
  'min-max ms',
  'tokens/s',
  'peak MiB',
  'ratio',
]

/** The results as a table for people; ratios are PEFT's time and memory over this project's. */
export function formatTable(results: readonly CaseResult[]): string {
  const rows = [headings, ...results.flatMap(rowsOf)]
  const widths = headings.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const lines = rows.map((row) =>
    row
      .map((cell, column) =>
        column < 2 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  )
  const errors = results.flatMap(({ name, error }) => (error === undefined ? [] : [`${name}: ${error}`]))
  return [...lines, ...errors].join('\n')
}

function rowsOf({ name, loracle, peft, ratio }: CaseResult): string[][] {
  if (!loracle) return [[name, 'failed']]
  const against = ratio ? `${ratio.median.toFixed(2)} (memory ${ratio.memory.toFixed(2)})` : ''
  return [
    [name, 'loracle', ...cellsOf(loracle), against],
    ...(peft ? [[name, 'PEFT', ...cellsOf(peft), '']] : []),
  ]
}

function cellsOf(figures: SideFigures): string[] {
  const { median, min, max } = figures.milliseconds
  return [
    figures.loadSeconds.toFixed(2),
    figures.secondsToFirst.toFixed(2),
    median.toFixed(0),
    `${min.toFixed(0)}-${max.toFixed(0)}`,
    figures.tokensPerSecond.toFixed(0),
    figures.peakRssMb.toFixed(0),
  ]
}

import { readFile, writeFile } from 'node:fs/promises'
import type { Ratio } from './figures.ts'
import { formatMarkdownTable, parseMarkdownTable } from './markdown-table.ts'
import type { CaseResult } from './run-case.ts'
import { quantile } from './statistics.ts'

const heading = '## History'

/** Adds a row for each ratio of the results to the table under "## History" of a Markdown file. */
export async function appendHistory(path: string, date: Date, results: readonly CaseResult[]): Promise<void> {
  const rows = results.flatMap(({ name, ratios }) => ratios.map((ratio) => rowOf(date, name, ratio)))
  await writeFile(path, withRows(await readFile(path, 'utf8'), rows))
}

/** @throws Error where the text has no such table. */
export function withRows(text: string, rows: readonly (readonly string[])[]): string {
  const lines = text.split('\n')
  const under = lines.indexOf(heading)
  const start = lines.findIndex((line, i) => under !== -1 && i > under && line.startsWith('|'))
  if (start === -1) throw new Error(`There is no table under "${heading}" to add rows to.`)
  const length = lines.slice(start).findIndex((line) => !line.startsWith('|'))
  const end = length === -1 ? lines.length : start + length
  const table = formatMarkdownTable([...parseMarkdownTable(lines.slice(start, end)), ...rows])
  return [...lines.slice(0, start), table, ...lines.slice(end)].join('\n')
}

function rowOf(date: Date, name: string, ratio: Ratio): string[] {
  const quartiles = [0.25, 0.75].map((p) => quantile(ratio.perRound, p).toFixed(2))
  return [
    date.toISOString().slice(0, 10),
    `\`${name}\``,
    ratio.side,
    ratio.against,
    `${ratio.time.toFixed(2)} (${quartiles.join(' to ')})`,
    ratio.processor?.toFixed(2) ?? '',
    ratio.memory.toFixed(2),
    ratio.start.toFixed(2),
  ]
}

import { distinctNames, requireFewColumns } from './column-names.ts'
import { detectDialect, noQuote } from './csv-dialect.ts'
import type { CsvDialect } from './csv-dialect.ts'
import { parseCsv } from './csv-rows.ts'
import type { ReadingProblem, ReadOptions, Table, TableReader, TableRow } from './table.ts'
import { readTextChunks } from './text-chunks.ts'

// A quoted cell longer than this is a quote that was never closed.
const longestRow = 4_000_000
// After so many rows with a quote that is never closed, quotes are characters like others in this file.
const tolerance = 20

/** Opens CSV: delimiter, quoting and header are found out from the first 256 kB; rows are streamed. */
export const openCsv: TableReader = (file, options) => openDelimited(file, 'csv', options)

/** Opens TSV, as `openCsv` does. */
export const openTsv: TableReader = (file, options) => openDelimited(file, 'tsv', options)

async function openDelimited(
  { path, bytes }: { path: string; bytes: number },
  format: 'csv' | 'tsv',
  { signal }: ReadOptions,
): Promise<Table> {
  const problems: ReadingProblem[] = []
  const head = await readHead(path, { signal, onProblem: (problem) => problems.push(problem) })
  const dialect = detectDialect(head, format)
  const first = parseCsv(head.slice(dialect.skip), dialect, false).rows[0] ?? []
  requireFewColumns(first.length, path)
  const trimmed = first.map((cell) => cell.replace(/\r$/, ''))
  const { names, mended } = distinctNames(dialect.hasHeader ? trimmed : trimmed.map(() => ''))
  if (!dialect.hasHeader)
    problems.push({
      kind: 'header_missing',
      where: 'row 1',
      message: 'The first row looks like data, not like column names; the columns were numbered.',
    })
  else if (mended)
    problems.push({
      kind: 'header_mended',
      where: 'row 1',
      message: 'Some columns had no name or the same name as another; they were numbered.',
    })
  const known = new Set(problems.map(({ kind }) => kind))
  return {
    format,
    columns: names,
    bytes,
    tables: [],
    table: null,
    rowCount: null,
    problems,
    rows: (options = {}) => readRows(path, dialect, names, skipKnown(options, known)),
  }
}

async function readHead(path: string, options: ReadOptions): Promise<string> {
  let head = ''
  for await (const { text } of readTextChunks(path, options)) {
    head += text
    if (head.length > 0) break
  }
  return head
}

async function* readRows(
  path: string,
  dialect: CsvDialect,
  names: readonly string[],
  options: ReadOptions,
): AsyncGenerator<TableRow, void, undefined> {
  let rest = ''
  let before = 0
  let number = 0
  let skip = dialect.skip
  let faults = 0
  let isInFault = false
  let current = dialect
  for await (const { text, end } of readTextChunks(path, options)) {
    const isLast = end === before
    rest = skip > 0 ? text.slice(skip) : rest + text
    skip = 0
    if (isInFault) {
      const next = afterLine(rest, dialect)
      isInFault = next === null
      rest = next ?? ''
    }
    for (;;) {
      const { rows, cursor, unclosed } = parsePiece(rest, current, isLast)
      rest = rest.slice(cursor)
      for (const [i, cells] of rows.entries()) {
        number++
        if (dialect.hasHeader && number === 1) continue
        if (cells.every((cell) => cell.trim() === '')) continue
        yield rowOf(cells, names, `row ${number}`, before + ((end - before) * (i + 1)) / rows.length)
      }
      if (!unclosed) break
      number++
      if (++faults === tolerance) current = { ...dialect, quoteChar: noQuote }
      const fault = rest.includes(current.quoteChar)
        ? 'A quote is opened in this row and not closed. Close it, or double the quotes inside the cell.'
        : `The row is longer than ${longestRow / 1e6} million characters. Divide its text into several rows.`
      yield { where: `row ${number}`, fault, values: {}, end }
      const next = afterLine(rest, dialect)
      isInFault = next === null
      rest = next ?? ''
    }
    before = end
  }
}

/** What follows the line that a text begins in; null where the line goes on behind it. */
function afterLine(text: string, { newline }: CsvDialect): string | null {
  const end = text.indexOf(newline)
  return end === -1 ? null : text.slice(end + 1)
}

/** The complete rows of a piece; `unclosed` says that after them a quote is opened and never closed. */
function parsePiece(text: string, dialect: CsvDialect, isLast: boolean) {
  const { rows, cursor, hasOpenQuote } = parseCsv(text, dialect, !isLast)
  if (isLast) return { rows, cursor: hasOpenQuote ? cursor : text.length, unclosed: hasOpenQuote }
  return { rows, cursor, unclosed: text.length - cursor > longestRow }
}

function rowOf(cells: readonly string[], names: readonly string[], where: string, end: number): TableRow {
  const values: Record<string, string> = {}
  const last = cells.length - 1
  for (let i = 0; i < names.length; i++) {
    const [name, cell] = [names[i], cells[i]]
    if (name === undefined || cell === undefined) break
    values[name] = i === last && cell.endsWith('\r') ? cell.slice(0, -1) : cell
  }
  return { where, fault: cells.length > names.length ? surplusFault(cells, names.length) : null, values, end }
}

/** What is wrong with a row that has more cells than the header; empty ones at its end do no harm. */
function surplusFault(cells: readonly string[], width: number): string | null {
  return cells.slice(width).every((cell) => cell.trim() === '')
    ? null
    : `The row has ${cells.length} cells, the header ${width}: a cell that holds the delimiter must stand in quotes.`
}

/** Findings that opening the file has made are not made again. */
function skipKnown({ signal, onProblem }: ReadOptions, known: ReadonlySet<string>): ReadOptions {
  return { signal, onProblem: (problem) => (known.has(problem.kind) ? undefined : onProblem?.(problem)) }
}

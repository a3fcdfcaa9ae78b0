import Papa from 'papaparse'
import { roleOfName } from '../mapping/role-names.ts'

/** How a delimited file is written. */
export interface CsvDialect {
  readonly delimiter: string
  /** A character that cannot occur where quotes mean nothing. */
  readonly quoteChar: string
  readonly escapeChar: string
  readonly newline: '\n' | '\r'
  /** Characters before the first row: a `sep=;` line, as Excel knows it. */
  readonly skip: number
  readonly hasHeader: boolean
}

/** Stands in for a quote where quotes mean nothing: text files do not hold it. */
export const noQuote = '\u0000'

/** Finds out how a delimited file is written, from the text of its head. */
export function detectDialect(head: string, format: 'csv' | 'tsv'): CsvDialect {
  const declared = /^sep=(.)\r?\n/i.exec(head)
  const skip = declared?.[0].length ?? 0
  const sample = head.slice(skip)
  const newline = sample.includes('\n') || !sample.includes('\r') ? '\n' : '\r'
  const escapeChar = /[^\\]\\"/.test(sample) && !/[^,;\t|\n]""[^,;\t|\r\n]/.test(sample) ? '\\' : '"'
  const base = { quoteChar: '"', escapeChar, newline, skip, hasHeader: true } as const
  const candidates = declared?.[1]
    ? [declared[1]]
    : format === 'tsv'
      ? ['\t', ',', ';', '|']
      : [',', ';', '\t', '|']
  const fallback = candidates[0] ?? ','
  const delimiter = best(candidates, (one) => consistency(sample, { ...base, delimiter: one })) ?? fallback
  const dialect = { ...base, delimiter }
  // Tab-separated text is often written without any quoting: a quote is then a character like others.
  const { errors } = parseCsv(sample, dialect, true)
  const quoteChar = delimiter === '\t' && errors.length > 0 ? noQuote : '"'
  const { data } = parseCsv(sample, { ...dialect, quoteChar }, false)
  return { ...dialect, quoteChar, hasHeader: looksLikeHeader(data[0] ?? [], data.slice(1, 50)) }
}

/** Parses a piece of a file; `isPartial` leaves its last row, which may go on, to the rest after `cursor`. */
export function parseCsv(text: string, dialect: CsvDialect, isPartial: boolean) {
  const { delimiter, quoteChar, escapeChar, newline } = dialect
  const parser = new Papa.Parser({ delimiter, quoteChar, escapeChar, newline })
  return parser.parse(text, 0, isPartial) as Papa.ParseResult<string[]>
}

/** Share of the rows that have as many fields as the first one; a single field counts for nothing. */
function consistency(sample: string, dialect: CsvDialect): number {
  const parsed = parseCsv(sample, dialect, true).data
  const rows = (parsed.length > 0 ? parsed : parseCsv(sample, dialect, false).data).slice(0, 100)
  const width = rows[0]?.length ?? 0
  if (width < 2) return 0
  const filled = rows.filter((row) => row.length > 1 || row[0]?.trim() !== '')
  return filled.filter((row) => row.length === width).length / filled.length
}

function best(candidates: readonly string[], score: (candidate: string) => number): string | undefined {
  const scored = candidates.map((candidate) => ({ candidate, score: score(candidate) }))
  const top = Math.max(...scored.map((one) => one.score))
  return top > 0 ? scored.find((one) => one.score === top)?.candidate : undefined
}

/** Names are short, are no numbers and no questions, and stand once; data below them often is otherwise. */
function looksLikeHeader(first: readonly string[], others: readonly (readonly string[])[]): boolean {
  const cells = first.map((cell) => cell.trim())
  const filled = cells.filter((cell) => cell !== '')
  if (filled.some((cell) => roleOfName(cell) !== null)) return true
  if (filled.length === 0 || new Set(filled).size < filled.length) return false
  if (filled.some((cell) => cell.length > 60 || isNumber(cell) || /[?!.。？]$/.test(cell))) return false
  // A number column under a word, or names that do not come again, speak for a header.
  return others.every((row) => row.every((cell, i) => cell.trim() !== cells[i] || cells[i] === ''))
}

function isNumber(cell: string): boolean {
  return cell !== '' && Number.isFinite(Number(cell))
}

import { parseCsv } from './csv-rows.ts'
import type { CsvForm } from './csv-rows.ts'
import { looksLikeHeader } from './header.ts'

/** How a delimited file is written. */
export interface CsvDialect extends CsvForm {
  /** Characters before the first row: a `sep=;` line, as Excel knows it. */
  readonly skip: number
  readonly hasHeader: boolean
}

/** Stands in for a quote where quotes mean nothing: text files do not hold it. */
export const noQuote = '\u0000'

const quoteSample = 64 * 1024
const [shortFile, longCell] = [128 * 1024, 64 * 1024]

/** Finds out how a delimited file is written, from the text of its head. */
export function detectDialect(head: string, format: 'csv' | 'tsv'): CsvDialect {
  const declared = /^sep=(.)\r?\n/i.exec(head)
  const skip = declared?.[0].length ?? 0
  const sample = head.slice(skip)
  const newline = sample.includes('\n') || !sample.includes('\r') ? '\n' : '\r'
  const escapeChar = /[^\\]\\"/.test(sample) && !/[^,;\t|\n]""[^,;\t|\r\n]/.test(sample) ? '\\' : '"'
  const quote = usualQuote(sample)
  const escape = quote === '"' ? escapeChar : quote
  const base = { quoteChar: quote, escapeChar: escape, newline, skip, hasHeader: true } as const
  const candidates = declared?.[1]
    ? [declared[1]]
    : format === 'tsv'
      ? ['\t', ',', ';', '|']
      : [',', ';', '\t', '|']
  const fallback = candidates[0] ?? ','
  const delimiter = best(candidates, (one) => consistency(sample, { ...base, delimiter: one })) ?? fallback
  const dialect = { ...base, delimiter }
  // Tab-separated text is often written without any quoting: a quote is then a character like others.
  const { hasOpenQuote, hasOddQuote, cursor } = parseCsv(sample, dialect, false)
  // The sample may end inside of a cell.
  const isNeverClosed = hasOpenQuote && (sample.length < shortFile || sample.length - cursor > longCell)
  const quoteChar = delimiter === '\t' && (isNeverClosed || hasOddQuote) ? noQuote : quote
  const { rows } = parseCsv(sample, { ...dialect, quoteChar }, false)
  return { ...dialect, quoteChar, hasHeader: looksLikeHeader(rows[0] ?? [], rows.slice(1, 50)) }
}

/** Cells in single quotes are rare: most rows have them, and none has double ones. */
function usualQuote(sample: string): '"' | "'" {
  const head = sample.slice(0, quoteSample)
  const single = head.match(/(?:^|[,;\t|\n\r])'[^'\n\r]{0,1000}'(?=[,;\t|\n\r]|$)/g)?.length ?? 0
  const double = head.match(/(?:^|[,;\t|\n\r])"/g)?.length ?? 0
  return double === 0 && single >= 2 && single >= (head.match(/\n|\r\n?/g)?.length ?? 0) ? "'" : '"'
}

/** Share of the rows that have as many fields as the first one; a single field counts for nothing. */
function consistency(sample: string, dialect: CsvDialect): number {
  const parsed = parseCsv(sample, dialect, true).rows
  const rows = (parsed.length > 0 ? parsed : parseCsv(sample, dialect, false).rows).slice(0, 100)
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

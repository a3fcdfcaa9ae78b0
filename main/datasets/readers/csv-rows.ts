import Papa from 'papaparse'

/** What a parser of delimited text has to know. */
export interface CsvForm {
  readonly delimiter: string
  readonly quoteChar: string
  /** The quote itself where it is doubled inside of cells, else a character before it. */
  readonly escapeChar: string
  readonly newline: '\n' | '\r'
}

export interface CsvRows {
  readonly rows: readonly (readonly string[])[]
  /** Behind the last row in `rows`. */
  readonly cursor: number
  /** A quote was opened behind the cursor and not closed. */
  readonly hasOpenQuote: boolean
  /** A closing quote is followed by something else than a delimiter. */
  readonly hasOddQuote: boolean
}

/**
 * Cuts delimited text into rows of cells (RFC 4180, and what is about besides), by papaparse. Quotes mean something
 * only at the beginning of a cell; a closing quote with text behind it counts as a character of its cell.
 *
 * @param isPartial Leaves the last row, which may go on, to the text behind `cursor`.
 */
export function parseCsv(text: string, form: CsvForm, isPartial: boolean): CsvRows {
  const { delimiter, quoteChar, escapeChar, newline } = form
  const parser = new Papa.Parser({ delimiter, quoteChar, escapeChar, newline })
  const { data, errors, meta } = parser.parse(text, 0, isPartial) as Papa.ParseResult<string[]>
  const hasOpenQuote = errors.some(({ code }) => code === 'MissingQuotes')
  // The rest is then no row, but what stands behind an opened quote.
  if (hasOpenQuote && !isPartial) return { ...parseCsv(text, form, true), hasOpenQuote }
  for (const row of data) {
    const last = row.at(-1)
    if (last?.endsWith('\r')) row[row.length - 1] = last.slice(0, -1)
  }
  const hasOddQuote = errors.some(({ code }) => code === 'InvalidQuotes')
  return { rows: data, cursor: isPartial ? meta.cursor : text.length, hasOpenQuote, hasOddQuote }
}

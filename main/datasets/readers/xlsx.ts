import { basename } from 'node:path'
import { AppError } from '../../contract/errors.ts'
import { openZip } from '../archives/zip.ts'
import type { ZipEntry } from '../archives/zip.ts'
import { distinctNames, requireFewColumns } from './column-names.ts'
import { looksLikeHeader } from './header.ts'
import type { ReadingProblem, ReadOptions, TableReader, TableRow } from './table.ts'
import { readWorkbook, withZip } from './xlsx-parts.ts'
import type { Sheet, Workbook } from './xlsx-parts.ts'
import { readMerges, readSheet } from './xlsx-sheet.ts'
import type { SheetCell, SheetContext, SheetRow } from './xlsx-sheet.ts'
import { readSharedStrings } from './xlsx-strings.ts'

/** Unpacked. XML takes some ten times the room of its texts. */
const largestSheet = 2_000_000_000
const largestStrings = 400_000_000
// To know of merged cells a sheet is read twice, which larger ones are spared.
const largestForMerges = 100_000_000
const headRows = 50
const bannerRows = 10

/**
 * Opens a workbook: one of its sheets, by default the first that has rows. The texts that its cells share are kept
 * in memory, rows are streamed. Cells that are merged downwards all have their value, errors are empty, dates are ISO
 * texts.
 *
 * @throws AppError `file_unreadable`, `file_too_large`, `cancelled`.
 */
export const openXlsx: TableReader = async ({ path, bytes }, { signal, table }) => {
  const { workbook, sheet, context, head } = await withZip(path, async (zip) => {
    const book = await readWorkbook(path, zip, signal)
    const source = (entry: ZipEntry, most: number) => ({ path, zip, entry, most, signal })
    const strings = book.strings ? await readSharedStrings(source(book.strings, largestStrings)) : []
    const candidates = table == null ? book.sheets : [sheetNamed(book, table, path)]
    const shared = { strings, dateStyles: book.dateStyles, is1904: book.is1904 }
    for (const candidate of candidates) {
      const isSmall = candidate.entry.bytes <= largestForMerges
      const merges = isSmall ? await readMerges(source(candidate.entry, largestSheet)) : []
      const context: SheetContext = { ...shared, merges }
      const head: SheetRow[] = []
      for await (const row of readSheet(source(candidate.entry, largestSheet), context)) {
        head.push(row)
        if (head.length >= headRows) break
      }
      if (head.length > 0 || candidates.length === 1)
        return { workbook: book, sheet: candidate, context, head }
    }
    const [first] = book.sheets
    if (!first) throw emptySheets(path)
    return { workbook: book, sheet: first, context: { ...shared, merges: [] }, head: [] }
  })

  const { first, hasHeader, names, mended } = headerOf(head)
  requireFewColumns(names.length, path)
  const problems: ReadingProblem[] = []
  if (!hasHeader && head.length > 0)
    problems.push({
      kind: 'header_missing',
      where: `row ${first}`,
      message: 'The first row looks like data, not like column names; the columns were numbered.',
    })
  if (mended)
    problems.push({
      kind: 'header_mended',
      where: `row ${first}`,
      message: 'Some columns had no name or the same name as another; they were numbered.',
    })
  const sheets = workbook.sheets.map(({ name }) => name)
  return {
    format: 'xlsx',
    tables: sheets.length > 1 ? sheets : [],
    table: sheets.length > 1 ? sheet.name : null,
    columns: names,
    bytes,
    rowCount: null,
    problems,
    rows: (options = {}) =>
      readRows({ path, bytes, sheet, context, names, before: hasHeader ? first : first - 1 }, options),
  }
}

interface RowSource {
  readonly path: string
  readonly bytes: number
  readonly sheet: Sheet
  readonly context: SheetContext
  readonly names: readonly string[]
  /** Number of the last row that is not data. */
  readonly before: number
}

async function* readRows(
  { path, bytes, sheet, context, names, before }: RowSource,
  { signal }: ReadOptions,
): AsyncGenerator<TableRow, void, undefined> {
  const zip = await openZip(path)
  try {
    // By name: an archive that was opened anew has entries of its own.
    const entry = zip.entries.find(({ name }) => name === sheet.entry.name)
    if (!entry)
      throw new AppError('file_invalid', `${basename(path)} was changed while it was read. Read it again.`, {
        path,
      })
    const scale = bytes / Math.max(1, entry.bytes)
    for await (const row of readSheet({ path, zip, entry, most: largestSheet, signal }, context)) {
      if (row.number <= before) continue
      yield rowOf(row, names, Math.min(bytes, Math.round(row.end * scale)))
    }
  } finally {
    await zip.close()
  }
}

function rowOf({ number, cells }: SheetRow, names: readonly string[], end: number): TableRow {
  const values: Record<string, SheetCell> = {}
  for (const [i, name] of names.entries()) {
    const cell = cells[i]
    if (cell !== undefined) values[name] = cell
  }
  const fault =
    cells.length <= names.length
      ? null
      : `The row has cells right of the last column that has a name. Name the column in the first row, or empty the cells.`
  return { where: `row ${number}`, fault, values, end }
}

/** The names of the columns: those of the first row that has several cells, below titles and the like. */
function headerOf(head: readonly SheetRow[]) {
  const filled = ({ cells }: SheetRow) => cells.filter((cell) => cell !== undefined).length
  const wide = head.slice(0, bannerRows).findIndex((row) => filled(row) > 1)
  const at = Math.max(0, wide)
  const texts = head.slice(at).map(({ cells }) => Array.from(cells, (cell) => String(cell ?? '')))
  const [top = [], ...others] = texts
  const hasHeader = looksLikeHeader(top, others)
  const width = hasHeader ? top.length : Math.max(0, ...texts.map((row) => row.length))
  const given = Array.from({ length: width }, (_, i) => (hasHeader ? (top[i] ?? '') : ''))
  const { names, mended } = distinctNames(given)
  return { first: head[at]?.number ?? 1, hasHeader, names, mended: hasHeader && mended }
}

function sheetNamed({ sheets }: Workbook, name: string, path: string): Sheet {
  const sheet = sheets.find((one) => one.name === name)
  if (sheet) return sheet
  throw new AppError(
    'file_invalid',
    `${basename(path)} has no sheet named ${name}. Choose among ${sheets
      .map((one) => one.name)
      .slice(0, 20)
      .join(', ')}.`,
    { path, table: name },
  )
}

function emptySheets(path: string): AppError {
  return new AppError('file_unreadable', `${basename(path)} has no sheets. Choose another file.`, { path })
}

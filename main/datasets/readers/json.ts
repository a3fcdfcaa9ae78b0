import { basename } from 'node:path'
import { AppError } from '../../contract/errors.ts'
import { pathColumns } from './column-paths.ts'
import { requireFewColumns } from './column-names.ts'
import { parseJson, rowOfEntry, squadColumns } from './json-rows.ts'
import { findLists, readList } from './json-stream.ts'
import type { JsonList } from './json-stream.ts'
import { findTables, mainTable } from './json-tables.ts'
import type { JsonTable } from './json-tables.ts'
import type { OpenOptions, ReadingProblem, ReadOptions, Table, TableReader, TableRow } from './table.ts'
import { readWholeText } from './text-chunks.ts'

/** Up to here a file is read as a whole, which finds every form that JSON tables have. */
const usuallyWhole = 24_000_000
/** Up to here also where it has no lists that can be read entry by entry. */
const largestWhole = 100_000_000
const sampledEntries = 10_000
const sampledRows = 200

interface JsonFile {
  readonly path: string
  readonly bytes: number
}

/**
 * Opens a JSON file: a list of objects, lists under keys (`tables` where there are several), objects by key, columns
 * of cells (as pandas writes them), or nested SQuAD. Larger files are read entry by entry, as are files with a fault
 * in them, of which only the entries around it are lost.
 *
 * @throws AppError `file_too_large` (over 100 MB and no list), `file_unreadable`, `file_invalid` (no such list).
 */
export const openJson: TableReader = async (file, options) => {
  const { path, bytes } = file
  if (bytes > usuallyWhole) {
    const streamed = await openStreamed(file, options)
    if (streamed) return streamed
  }
  if (bytes > largestWhole)
    throw new AppError(
      'file_too_large',
      `${basename(path)} holds ${Math.round(bytes / 1e6)} MB and no list of records; JSON of another form is read as a whole, at most ${largestWhole / 1e6} MB. Save it as one list, as JSONL or as CSV, which have no limit.`,
      { path, bytes },
    )
  const problems: ReadingProblem[] = []
  const text = await readWholeText(path, { signal: options.signal, onProblem: (one) => problems.push(one) })
  const parsed = parseJson(text)
  if ('fault' in parsed) {
    const streamed = await openStreamed(file, options)
    if (streamed) return streamed
    throw new AppError(
      'file_unreadable',
      `${basename(path)} is not JSON${parsed.fault.replace(/^, /, ' at ')}. Mend the file there, or export it again.`,
      { path },
    )
  }
  return wholeTable(file, parsed.value, { problems, chosen: options.table ?? null })
}

function wholeTable(
  { path, bytes }: JsonFile,
  value: unknown,
  { problems, chosen }: { problems: ReadingProblem[]; chosen: string | null },
): Table {
  const tables = findTables(value)
  const table = chooseTable(tables, chosen, path)
  const names = new Set<string>()
  const head: TableRow[] = []
  if (table.format === 'json')
    for (let entry = 0; entry < Math.min(table.length, sampledEntries); entry++)
      for (const row of table.rows(entry)) {
        for (const name of Object.keys(row.values)) names.add(name)
        requireFewColumns(names.size, path)
        if (head.length < sampledRows) head.push({ ...row, end: 0 })
      }
  return {
    format: table.format,
    tables: tables.length > 1 ? tables.map((one) => one.path) : [],
    table: tables.length > 1 ? table.path : null,
    columns: table.format === 'squad' ? [...squadColumns] : pathColumns([...names], head),
    bytes,
    rowCount: table.format === 'squad' ? countRows(table) : table.length,
    problems,
    rows: (options = {}) => walk(table, bytes, options),
  }
}

function countRows(table: JsonTable): number {
  let count = 0
  for (let entry = 0; entry < table.length; entry++) count += table.rows(entry).length
  return count
}

async function* walk(
  table: JsonTable,
  bytes: number,
  { signal }: ReadOptions,
): AsyncGenerator<TableRow, void, undefined> {
  for (let entry = 0; entry < table.length; entry++) {
    // Lets a cancel and other work through.
    if (entry % 1000 === 0) await new Promise((resolve) => setImmediate(resolve))
    if (signal?.aborted) throw new AppError('cancelled', 'Reading was cancelled.')
    const rows = table.rows(entry)
    for (const [i, row] of rows.entries())
      yield { ...row, end: (bytes * (entry + (i + 1) / rows.length)) / table.length }
  }
}

async function openStreamed(
  { path, bytes }: JsonFile,
  { signal, table: chosen }: OpenOptions,
): Promise<Table | null> {
  const problems: ReadingProblem[] = []
  const lists = await findLists(path, { signal, onProblem: (one) => problems.push(one) })
  if (lists.length === 0) return null
  const list = chooseTable(lists, chosen ?? null, path)
  const known = new Set(problems.map(({ kind }) => kind))
  return {
    format: list.kind === 'squad' ? 'squad' : 'json',
    tables: lists.length > 1 ? lists.map((one) => one.path) : [],
    table: lists.length > 1 ? list.path : null,
    columns: columnsOf(list, path),
    bytes,
    rowCount: list.kind === 'list' && list.isWhole ? list.length : null,
    problems: problems.filter((one, i) => problems.findIndex(({ kind }) => kind === one.kind) === i),
    rows: (options = {}) =>
      readList(path, list, {
        signal: options.signal,
        onProblem: (one) => (known.has(one.kind) ? undefined : options.onProblem?.(one)),
      }),
  }
}

function columnsOf({ kind, sample }: JsonList, path: string): string[] {
  if (kind === 'squad') return [...squadColumns]
  const rows = sample.map((entry) => ({ ...rowOfEntry(entry, ''), end: 0 }))
  const names = new Set(rows.flatMap(({ values }) => Object.keys(values)))
  requireFewColumns(names.size, path)
  return pathColumns([...names], rows)
}

function chooseTable<T extends Pick<JsonTable, 'path' | 'length'>>(
  tables: readonly T[],
  chosen: string | null,
  path: string,
): T {
  const table = chosen === null ? mainTable(tables) : tables.find((one) => one.path === chosen)
  if (table) return table
  if (chosen === null)
    throw new AppError(
      'file_unreadable',
      `${basename(path)} has no list of records. Save the records that are wanted as one JSON list, as JSONL or as CSV.`,
      { path },
    )
  const names = tables
    .slice(0, 20)
    .map((one) => one.path)
    .join(', ')
  throw new AppError('file_invalid', `${basename(path)} has no list at ${chosen}. Choose among ${names}.`, {
    path,
    table: chosen,
  })
}

import { isObject } from '../../../trainer/data/raw-record.ts'
import type { RawObject } from '../../../trainer/data/raw-record.ts'
import { isSquadForm } from '../../../trainer/data/squad-form.ts'
import { distinctNames } from './column-names.ts'
import { looksLikeHeader } from './header.ts'
import { rowOfEntry, rowsOfArticle } from './json-rows.ts'
import type { JsonRow } from './json-rows.ts'

/** One table that a JSON value holds. */
export interface JsonTable {
  /** Names from the outside in, with dots between them: `data.train`; empty for the value as a whole. */
  readonly path: string
  readonly format: 'json' | 'squad'
  /** Entries: articles of SQuAD, else rows. */
  readonly length: number
  /** The rows of an entry; one of them, but for articles. */
  readonly rows: (entry: number) => readonly JsonRow[]
}

const deepest = 3
const mostTables = 100
const sampled = 50
/** Names of splits: objects under them hold tables, they are not records. */
const splitKey = /^(?:train|training|valid|validation|val|dev|test|testing|eval|evaluation)\w{0,12}$/i

/**
 * The tables in a JSON value, in their order: a list of objects, lists under keys (`data`, `data.train`), objects by
 * key, columns as lists or as objects by row number (as pandas writes them), rows as lists, or SQuAD's articles.
 * Anything else that is an object is one record.
 */
export function findTables(value: unknown): JsonTable[] {
  const whole = tableOf(value, '')
  if (whole) return [whole]
  if (!isObject(value)) return []
  if (isRecord(value)) return [listTable([value], '')]
  if (isKeyed(value)) return [keyedTable(value)]
  const found: JsonTable[] = []
  collect(value, '', found)
  const filled = found.filter(({ length }) => length > 0)
  return filled.length > 0 ? filled : [listTable([value], '')]
}

/** The table that is meant where none is named: SQuAD's `data`, else the longest. */
export function mainTable<T extends Pick<JsonTable, 'path' | 'length'>>(tables: readonly T[]): T | undefined {
  const longest = tables.reduce<T | undefined>(
    (top, one) => (top && top.length >= one.length ? top : one),
    undefined,
  )
  return tables.find(({ path }) => path === 'data') ?? longest
}

/** Objects by key, `{ "id 1": { … }, "id 2": { … } }`, as far as the first ones show it. */
export function isKeyed(value: RawObject): boolean {
  const entries = Object.entries(value).slice(0, sampled)
  if (entries.length === 0 || entries.every(([key]) => splitKey.test(key))) return false
  return entries.every(([, entry]) => isObject(entry) && Object.values(entry).some(isPlain))
}

/** An entry of objects by key; the key is its id where the objects have none. */
export function keyedRow(key: string, entry: unknown): JsonRow {
  const where = `"${key}"`
  if (!isObject(entry)) return rowOfEntry(entry, where)
  return rowOfEntry('id' in entry ? entry : { id: key, ...entry }, where)
}

function collect(value: RawObject, path: string, found: JsonTable[]): void {
  for (const [key, child] of Object.entries(value)) {
    if (found.length >= mostTables) return
    const childPath = path === '' ? key : `${path}.${key}`
    const table = tableOf(child, childPath)
    if (table) found.push(table)
    else if (isObject(child) && childPath.split('.').length < deepest) collect(child, childPath, found)
  }
}

function tableOf(value: unknown, path: string): JsonTable | null {
  if (Array.isArray(value)) {
    if (isSquadForm(value.slice(0, sampled))) return squadTable(value, path)
    if (value.slice(0, sampled).some(isObject)) return listTable(value, path)
    return matrixTable(value, path, null) ?? (path === '' && value.length > 0 ? listTable(value, path) : null)
  }
  if (!isObject(value)) return null
  if (isSquadForm([value])) return { ...squadTable([value], path) }
  const { columns, data } = value
  if (Array.isArray(columns) && Array.isArray(data)) return matrixTable(data, path, columns.map(String))
  return columnTable(value, path)
}

function listTable(list: readonly unknown[], path: string): JsonTable {
  return {
    path,
    format: 'json',
    length: list.length,
    rows: (entry) => [rowOfEntry(list[entry], `${path}[${entry}]`)],
  }
}

function squadTable(articles: readonly unknown[], path: string): JsonTable {
  return {
    path,
    format: 'squad',
    length: articles.length,
    rows: (entry) => rowsOfArticle(articles[entry], `${path}[${entry}]`),
  }
}

function keyedTable(value: RawObject): JsonTable {
  const entries = Object.entries(value)
  return {
    path: '',
    format: 'json',
    length: entries.length,
    rows: (entry) => {
      const [key = '', one] = entries[entry] ?? []
      return [keyedRow(key, one)]
    },
  }
}

/** Columns as lists of one length, or as objects by row number. */
function columnTable(value: RawObject, path: string): JsonTable | null {
  const columns = Object.entries(value)
  const [first] = columns
  if (!first || columns.length < 2) return null
  const isLists = columns.every(([, cells]) => Array.isArray(cells) && cells.length > 0)
  const isObjects = columns.every(([, cells]) => isObject(cells) && isByNumber(cells))
  if (!isLists && !isObjects) return null
  const keys = Object.keys(first[1] as object)
  const hasOneLength = columns.every(([, cells]) => Object.keys(cells as object).length === keys.length)
  const isPlainCells = columns.some(([, cells]) =>
    Object.values(cells as object)
      .slice(0, sampled)
      .some(isPlain),
  )
  if (!hasOneLength || !isPlainCells) return null
  return {
    path,
    format: 'json',
    length: keys.length,
    rows: (entry) => {
      const key = keys[entry] ?? ''
      const cells = columns.map(([name, column]) => [name, (column as RawObject)[key]] as const)
      return [rowOfEntry(Object.fromEntries(cells), `${path}[${key}]`)]
    },
  }
}

/** Rows as lists of cells, with the names of the columns in the first one where none are given. */
function matrixTable(
  rows: readonly unknown[],
  path: string,
  given: readonly string[] | null,
): JsonTable | null {
  const sample = rows.slice(0, sampled)
  const width = Array.isArray(sample[0]) ? sample[0].length : 0
  if (width < 2 || !sample.every((row) => Array.isArray(row) && row.length === width)) return null
  const texts = (sample as unknown[][]).map((row) => row.map((cell) => (isPlain(cell) ? String(cell) : '')))
  const [top = [], ...others] = texts
  const hasHeader = given === null && others.length > 0 && looksLikeHeader(top, others)
  const { names } = distinctNames(given ?? (hasHeader ? top : top.map(() => '')))
  const first = hasHeader ? 1 : 0
  return {
    path,
    format: 'json',
    length: rows.length - first,
    rows: (entry) => {
      const row = rows[entry + first]
      const where = `${path}[${entry + first}]`
      if (!Array.isArray(row)) return [rowOfEntry(row, where)]
      return [rowOfEntry(Object.fromEntries(names.map((name, i) => [name, row[i] as unknown])), where)]
    },
  }
}

function isByNumber(cells: RawObject): boolean {
  const keys = Object.keys(cells).slice(0, sampled)
  return keys.length > 0 && keys.every((key, i) => key === String(i))
}

/** A text, question or answer beside a list: the list is then a cell. */
function isRecord(value: RawObject): boolean {
  return (
    (typeof value['question'] === 'string' || typeof value['context'] === 'string') &&
    !Array.isArray(value['data'])
  )
}

function isPlain(value: unknown): boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
}

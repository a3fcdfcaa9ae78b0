import { basename } from 'node:path'
import { locateJsonFault } from '../../../trainer/data/json-position.ts'
import { describeValue, isObject } from '../../../trainer/data/raw-record.ts'
import type { RawObject } from '../../../trainer/data/raw-record.ts'
import { isSquadForm, readSquadForm } from '../../../trainer/data/squad-form.ts'
import { AppError } from '../../contract/errors.ts'
import { requireFewColumns } from './column-names.ts'
import { isTooDeep, tooDeep } from './nesting.ts'
import type { ReadingProblem, ReadOptions, TableReader, TableRow } from './table.ts'
import { readWholeText } from './text-chunks.ts'

const largestFile = 100_000_000
const mostRecords = 2_000_000

/** One entry of a JSON file and its place. */
interface Entry {
  readonly where: string
  readonly value: unknown
}

/** Columns that a SQuAD file has when its nesting is undone. */
export const squadColumns = ['id', 'title', 'context', 'question', 'answers', 'is_impossible'] as const

/**
 * Opens a JSON file, which is read as a whole: a list of objects, a list under `data` or under the only key that
 * holds one, objects by key, columns of objects by row number (as pandas writes them), or nested SQuAD.
 *
 * @throws AppError `file_too_large`, `file_unreadable`.
 */
export const openJson: TableReader = async ({ path, bytes }, { signal }) => {
  if (bytes > largestFile)
    throw new AppError(
      'file_too_large',
      `${basename(path)} holds ${Math.round(bytes / 1e6)} MB; JSON is read as a whole, at most ${largestFile / 1e6} MB. Save it as JSONL or CSV, which have no limit.`,
      { path, bytes },
    )
  const problems: ReadingProblem[] = []
  const text = await readWholeText(path, { signal, onProblem: (problem) => problems.push(problem) })
  const { format, rows, columns } = tableOf(parse(text, path), path)
  requireFewColumns(columns.length, path)
  const count = rows.length
  return {
    format,
    columns,
    bytes,
    rowCount: count,
    problems,
    rows: (options = {}) => walk(rows, bytes, options),
  }
}

async function* walk(
  rows: readonly Omit<TableRow, 'end'>[],
  bytes: number,
  { signal }: ReadOptions,
): AsyncGenerator<TableRow, void, undefined> {
  for (const [i, row] of rows.entries()) {
    // Lets a cancel and other work through.
    if (i % 1000 === 0) await new Promise((resolve) => setImmediate(resolve))
    if (signal?.aborted) throw new AppError('cancelled', 'Reading was cancelled.')
    yield { ...row, end: (bytes * (i + 1)) / rows.length }
  }
}

function parse(text: string, path: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    const fault = locateJsonFault(text)
    const place = fault ? ` at line ${fault.line}, column ${fault.column}: ${fault.reason}` : ''
    throw new AppError(
      'file_unreadable',
      `${basename(path)} is not JSON${place}. Mend the file there, or export it again.`,
      { path, line: fault?.line ?? null, column: fault?.column ?? null },
    )
  }
}

function tableOf(value: unknown, path: string) {
  const articles = articlesIn(value)
  if (articles) {
    const rows = readSquadForm(articles.entries, articles.prefix).map((record) => {
      const answers = record.answers.map(({ text, start }) => ({ text, answer_start: start }))
      const { where, fault, id, title, context, question, isImpossible } = record
      return { where, fault, values: { id, title, context, question, answers, is_impossible: isImpossible } }
    })
    return { format: 'squad' as const, rows, columns: [...squadColumns] }
  }
  const entries = entriesOf(value, path)
  const columns = new Set<string>()
  const rows = entries.map(({ where, value: entry }) => {
    if (!isObject(entry))
      return { where, fault: `A record is expected, not ${describeValue(entry)}.`, values: {} }
    if (isTooDeep(entry)) return { where, fault: tooDeep, values: {} }
    for (const name of Object.keys(entry)) columns.add(name)
    return { where, fault: null, values: entry }
  })
  return { format: 'json' as const, rows, columns: [...columns] }
}

function articlesIn(value: unknown): { entries: readonly unknown[]; prefix: string } | null {
  if (Array.isArray(value)) return isSquadForm(value) ? { entries: value, prefix: '' } : null
  if (!isObject(value)) return null
  const data = value['data']
  if (Array.isArray(data) && isSquadForm(data)) return { entries: data, prefix: 'data' }
  return isSquadForm([value]) ? { entries: [value], prefix: '' } : null
}

function entriesOf(value: unknown, path: string): Entry[] {
  if (Array.isArray(value)) return listEntries(value, '')
  if (!isObject(value)) throw noRecords(path, `it holds ${describeValue(value)}`)
  const lists = Object.entries(value).filter(([, list]) => Array.isArray(list) && list.some(isObject))
  const data = lists.find(([key]) => key === 'data') ?? (lists.length === 1 ? lists[0] : undefined)
  if (data && isListAround(value, data[0])) return listEntries(data[1] as unknown[], data[0])
  if (lists.length > 1)
    throw noRecords(path, `it holds several lists (${lists.map(([key]) => key).join(', ')})`)
  const keyed = Object.entries(value)
  if (keyed.length > 0 && keyed.every(([, entry]) => isObject(entry))) return keyedEntries(value)
  return [{ where: '[0]', value }]
}

/** A list beside texts of the same entry is a cell, as answers beside a question are; otherwise it is the data. */
function isListAround(value: RawObject, key: string): boolean {
  return key === 'data' || !('question' in value || 'context' in value)
}

function listEntries(list: readonly unknown[], prefix: string): Entry[] {
  if (list.length > mostRecords)
    throw new AppError(
      'file_too_large',
      `The file holds ${list.length.toLocaleString('en')} records; JSON is read as a whole, at most ${mostRecords.toLocaleString('en')}. Save it as JSONL or CSV, which have no limit.`,
      { records: list.length },
    )
  return list.map((value, i) => ({ where: `${prefix}[${i}]`, value }))
}

function keyedEntries(value: RawObject): Entry[] {
  const columns = Object.entries(value) as [string, RawObject][]
  const isByColumn = columns.every(([, cells]) => {
    const keys = Object.keys(cells)
    return keys.length > 0 && keys.every((key, i) => key === String(i))
  })
  if (isByColumn) {
    const rowKeys = Object.keys(columns[0]?.[1] ?? {})
    return rowKeys.map((key) => ({
      where: `[${key}]`,
      value: Object.fromEntries(columns.map(([name, cells]) => [name, cells[key]])),
    }))
  }
  const hasIds = columns.some(([, entry]) => 'id' in entry)
  return columns.map(([key, entry]) => ({ where: `"${key}"`, value: hasIds ? entry : { id: key, ...entry } }))
}

function noRecords(path: string, found: string): AppError {
  return new AppError(
    'file_unreadable',
    `${basename(path)} has no list of records: ${found}. Save the records that are wanted as one JSON list, as JSONL or as CSV.`,
    { path },
  )
}

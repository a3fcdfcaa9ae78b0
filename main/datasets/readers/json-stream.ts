import { isObject } from '../../../trainer/data/raw-record.ts'
import { AppError } from '../../contract/errors.ts'
import { keyedRow, isKeyed } from './json-tables.ts'
import { parseJson, rowOfEntry, rowsOfArticle } from './json-rows.ts'
import type { JsonRow } from './json-rows.ts'
import { createJsonWalk, longestCut } from './json-walk.ts'
import type { JsonPath } from './json-walk.ts'
import type { ReadOptions, TableRow } from './table.ts'
import { readTextChunks } from './text-chunks.ts'

/** A list, or an object of records by key, in a JSON file that is read entry by entry. */
export interface JsonList {
  /** With dots: `data.train`; empty for the outermost. */
  readonly path: string
  readonly keys: readonly string[]
  readonly kind: 'list' | 'squad' | 'keyed'
  /** Entries that were seen, and whether these are all. */
  readonly length: number
  readonly isWhole: boolean
  /** Some of the first entries. */
  readonly sample: readonly unknown[]
}

const deepest = 3
const mostLists = 100
const sampledEntries = 200
const sampledCharacters = 4_000_000
/** How far into a file its lists are looked for, in UTF-16 units: a fraction of a second's reading. */
const searched = 24_000_000
const keyedHead = 1_000_000

/** The lists of a JSON file's beginning; empty where it has no form that can be read entry by entry. */
export async function findLists(path: string, options: ReadOptions): Promise<JsonList[]> {
  const keyed = await findKeyed(path, options)
  if (keyed) return [keyed]
  const lists = new Map<string, { keys: string[]; length: number; sample: unknown[] }>()
  let characters = 0
  const listAt = (keys: JsonPath) => lists.get(keys.join('.'))
  const walk = createJsonWalk({
    decide: (at, opener) => {
      const isEntry = typeof at.at(-1) === 'number'
      if (isEntry) {
        const list = listAt(at.slice(0, -1))
        if (!list) return 'skip'
        list.length++
        return list.sample.length < sampledEntries && characters < sampledCharacters ? 'cut' : 'skip'
      }
      if (opener === '[') {
        if (lists.size >= mostLists) return 'skip'
        const keys = at.map(String)
        lists.set(keys.join('.'), { keys, length: 0, sample: [] })
        return 'enter'
      }
      return opener === '{' && at.length < deepest ? 'enter' : 'skip'
    },
    cut: (at, text) => {
      const parsed = text === null ? null : parseJson(text)
      characters += text?.length ?? 0
      if (parsed && 'value' in parsed) listAt(at.slice(0, -1))?.sample.push(parsed.value)
    },
  })
  let read = 0
  let isWhole = true
  for await (const { text } of readTextChunks(path, options)) {
    walk.push(text)
    read += text.length
    if (read > searched) {
      isWhole = false
      break
    }
  }
  return [...lists.values()]
    .filter(({ sample }) => sample.some(isObject))
    .map(({ keys, length, sample }) => ({
      path: keys.join('.'),
      keys,
      kind: sample.some((entry) => isObject(entry) && 'paragraphs' in entry) ? 'squad' : 'list',
      length,
      isWhole,
      sample,
    }))
}

async function findKeyed(path: string, options: ReadOptions): Promise<JsonList | null> {
  const entries: [string, unknown][] = []
  let isObjectOutside = false
  const walk = createJsonWalk({
    decide: (at, opener) => {
      if (at.length > 0) return 'cut'
      isObjectOutside = opener === '{'
      return isObjectOutside ? 'enter' : 'skip'
    },
    cut: ([key], text) => {
      const parsed = text === null ? null : parseJson(text)
      if (parsed && 'value' in parsed) entries.push([String(key), parsed.value])
    },
  })
  let read = 0
  for await (const { text } of readTextChunks(path, options)) {
    walk.push(text)
    read += text.length
    if (read > keyedHead) break
  }
  if (!isObjectOutside || entries.length < 3 || !isKeyed(Object.fromEntries(entries))) return null
  const sample = entries.map(([key, entry]) => keyedRow(key, entry).values)
  return { path: '', keys: [], kind: 'keyed', length: entries.length, isWhole: false, sample }
}

/** Reads the entries of a list one by one, in memory for the longest of them. */
export async function* readList(
  path: string,
  { keys, kind, path: prefix }: JsonList,
  options: ReadOptions,
): AsyncGenerator<TableRow, void, undefined> {
  let ready: (readonly JsonRow[])[] = []
  const walk = createJsonWalk({
    decide: (at, opener) => {
      if (at.length > keys.length) return 'cut'
      const isOnTheWay = at.every((key, i) => key === keys[i])
      const wanted = at.length < keys.length || kind === 'keyed' ? '{' : '['
      return isOnTheWay && opener === wanted ? 'enter' : 'skip'
    },
    cut: (at, text) => {
      const entry = at.at(-1) ?? 0
      ready.push(rowsOf(text, entry, typeof entry === 'number' ? `${prefix}[${entry}]` : `"${entry}"`))
    },
  })
  const rowsOf = (text: string | null, entry: string | number, where: string): readonly JsonRow[] => {
    if (text === null)
      return [
        { where, fault: `The entry is longer than ${longestCut / 1e6} million characters.`, values: {} },
      ]
    const parsed = parseJson(text)
    if ('fault' in parsed) return [{ where, fault: `The entry is not JSON${parsed.fault}.`, values: {} }]
    if (kind === 'squad') return rowsOfArticle(parsed.value, where)
    return [kind === 'keyed' ? keyedRow(String(entry), parsed.value) : rowOfEntry(parsed.value, where)]
  }
  let before = 0
  for await (const { text, end } of readTextChunks(path, options)) {
    walk.push(text)
    const entries = ready
    ready = []
    for (const [i, rows] of entries.entries()) {
      if (options.signal?.aborted) throw new AppError('cancelled', 'Reading was cancelled.', { path })
      const place = before + ((end - before) * (i + 1)) / entries.length
      for (const row of rows) yield { ...row, end: place }
    }
    before = end
  }
  if (walk.end().isCutOff)
    options.onProblem?.({
      kind: 'file_cut_off',
      where: '',
      message:
        'The file ends in the middle of a record, or its brackets do not close; what could be read was read.',
    })
}

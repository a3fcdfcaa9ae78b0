import { AppError } from '../../contract/errors.ts'
import { requireFewColumns } from './column-names.ts'
import { pathColumns } from './column-paths.ts'
import { parseJson, rowOfEntry } from './json-rows.ts'
import type { JsonRow } from './json-rows.ts'
import { createJsonWalk } from './json-walk.ts'
import type { ReadingProblem, ReadOptions, TableReader, TableRow } from './table.ts'
import { readTextChunks } from './text-chunks.ts'

const longestLine = 64_000_000
const headRows = 1000
const headEnd = 1_000_000
const triedLines = 20

type ReadRows = (path: string, options: ReadOptions) => AsyncGenerator<TableRow, void, undefined>

/**
 * Opens JSON lines: one object a line, streamed; a line that is none is a row with its fault. Records that stand one
 * behind the other without a line each are found by their brackets.
 */
export const openJsonl: TableReader = async ({ path, bytes }, { signal }) => {
  const problems: ReadingProblem[] = []
  const names = new Set<string>()
  const head: TableRow[] = []
  const read: ReadRows = (await hasLines(path, { signal })) ? readLines : readValues
  for await (const row of read(path, { signal, onProblem: (problem) => problems.push(problem) })) {
    for (const name of Object.keys(row.values)) names.add(name)
    requireFewColumns(names.size, path)
    if (head.push(row) >= headRows || row.end > headEnd) break
  }
  const known = new Set(problems.map(({ kind }) => kind))
  return {
    format: 'jsonl',
    tables: [],
    table: null,
    columns: pathColumns([...names], head),
    bytes,
    rowCount: null,
    problems,
    rows: ({ signal, onProblem } = {}) =>
      read(path, { signal, onProblem: (one) => (known.has(one.kind) ? undefined : onProblem?.(one)) }),
  }
}

/** Whether lines are records: of records that are broken into lines no line is. */
async function hasLines(path: string, options: ReadOptions): Promise<boolean> {
  for await (const { text } of readTextChunks(path, options)) {
    const lines = text.split('\n', triedLines).filter((line) => line.trim() !== '')
    if (lines.some((line) => readLine(line, '').some(({ fault }) => fault === null))) return true
    const firsts: string[] = []
    const walk = createJsonWalk({
      decide: () => 'cut',
      cut: (_path, value) => {
        if (value !== null && firsts.length < 2) firsts.push(value)
      },
    })
    walk.push(text)
    return !firsts.some((value) => value.startsWith('{') && 'value' in parseJson(value))
  }
  return true
}

async function* readLines(path: string, options: ReadOptions): AsyncGenerator<TableRow, void, undefined> {
  let pending: string[] = []
  let pendingLength = 0
  let number = 0
  let before = 0
  let isTooLong = false
  for await (const { text, end } of readTextChunks(path, options)) {
    const pieces = text.split('\n')
    const isLast = end === before
    for (const [i, piece] of pieces.entries()) {
      pendingLength += piece.length
      isTooLong ||= pendingLength > longestLine
      if (isTooLong) pending = []
      else pending.push(piece)
      if (i === pieces.length - 1 && !isLast) break
      number++
      const line = pending.length === 1 ? piece : pending.join('')
      const place = before + ((end - before) * (i + 1)) / pieces.length
      const where = `line ${number}`
      for (const row of isTooLong ? [tooLong(where)] : readLine(line, where)) yield { ...row, end: place }
      pending = []
      pendingLength = 0
      isTooLong = false
    }
    before = end
  }
}

function tooLong(where: string): JsonRow {
  return { where, fault: `The line is longer than ${longestLine / 1e6} million characters.`, values: {} }
}

function readLine(line: string, where: string): readonly JsonRow[] {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return line.trim() === '' ? [] : readOddLine(line, where)
  }
  return [rowOfEntry(value, where)]
}

/** A line with several records, or with a comma behind its record, as in a list; else one with a fault. */
function readOddLine(line: string, where: string): readonly JsonRow[] {
  const whole = parseJson(line)
  if ('value' in whole) return [rowOfEntry(whole.value, where)]
  const rows: JsonRow[] = []
  if (/\}\s*(?:\{|,\s*(?:\{|$))/.test(line)) {
    const walk = createJsonWalk({
      decide: () => 'cut',
      cut: (_path, text) => {
        const parsed = text === null ? whole : parseJson(text)
        const fault = 'fault' in parsed ? parsed.fault : null
        const place = `${where}, record ${rows.length + 1}`
        rows.push(
          fault === null && 'value' in parsed ? rowOfEntry(parsed.value, place) : notJson(place, fault ?? ''),
        )
      },
    })
    walk.push(line)
    walk.end()
  }
  const [first] = rows
  if (first && rows.length === 1 && first.fault === null) return [{ ...first, where }]
  return rows.length > 1 && rows.every(({ fault }) => fault === null) ? rows : [notJson(where, whole.fault)]
}

function notJson(where: string, fault: string): JsonRow {
  return { where, fault: `The line is not JSON${fault}.`, values: {} }
}

/** Records by their brackets, whatever lines they are in. */
async function* readValues(path: string, options: ReadOptions): AsyncGenerator<TableRow, void, undefined> {
  let ready: (string | null)[] = []
  let number = 0
  let before = 0
  const walk = createJsonWalk({ decide: () => 'cut', cut: (_path, text) => void ready.push(text) })
  for await (const { text, end } of readTextChunks(path, options)) {
    walk.push(text)
    const isCutOff = end === before && walk.end().isCutOff
    const values = ready
    ready = []
    for (const [i, value] of values.entries()) {
      if (options.signal?.aborted) throw new AppError('cancelled', 'Reading was cancelled.', { path })
      const where = `record ${++number}`
      yield { ...rowOfText(value, where), end: before + ((end - before) * (i + 1)) / values.length }
    }
    if (isCutOff)
      options.onProblem?.({
        kind: 'file_cut_off',
        where: `record ${number + 1}`,
        message:
          'The file ends in the middle of a record, or its brackets do not close; what could be read was read.',
      })
    before = end
  }
}

function rowOfText(text: string | null, where: string): JsonRow {
  if (text === null) return { where, fault: 'The record is longer than 64 million characters.', values: {} }
  const parsed = parseJson(text)
  if ('value' in parsed) return rowOfEntry(parsed.value, where)
  return { where, fault: `The record is not JSON${parsed.fault}.`, values: {} }
}

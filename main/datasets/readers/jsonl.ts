import { locateJsonFault } from '../../../trainer/data/json-position.ts'
import { describeValue, isObject } from '../../../trainer/data/raw-record.ts'
import { requireFewColumns } from './column-names.ts'
import { isTooDeep, tooDeep } from './nesting.ts'
import type { ReadingProblem, ReadOptions, TableReader, TableRow } from './table.ts'
import { readTextChunks } from './text-chunks.ts'

const longestLine = 64_000_000
const headRows = 1000
const headEnd = 1_000_000

/** Opens JSON lines: one object a line, streamed; a line that is none is a row with its fault. */
export const openJsonl: TableReader = async ({ path, bytes }, { signal }) => {
  const problems: ReadingProblem[] = []
  const columns = new Set<string>()
  let count = 0
  for await (const row of readRows(path, { signal, onProblem: (problem) => problems.push(problem) })) {
    for (const name of Object.keys(row.values)) columns.add(name)
    requireFewColumns(columns.size, path)
    if (++count >= headRows || row.end > headEnd) break
  }
  const known = new Set(problems.map(({ kind }) => kind))
  return {
    format: 'jsonl',
    columns: [...columns],
    bytes,
    rowCount: null,
    problems,
    rows: ({ signal, onProblem } = {}) =>
      readRows(path, { signal, onProblem: (one) => (known.has(one.kind) ? undefined : onProblem?.(one)) }),
  }
}

async function* readRows(path: string, options: ReadOptions): AsyncGenerator<TableRow, void, undefined> {
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
      const row = isTooLong ? tooLong() : readLine(line)
      if (row)
        yield { where: `line ${number}`, ...row, end: before + ((end - before) * (i + 1)) / pieces.length }
      pending = []
      pendingLength = 0
      isTooLong = false
    }
    before = end
  }
}

function tooLong() {
  return { fault: `The line is longer than ${longestLine / 1e6} million characters.`, values: {} }
}

function readLine(line: string): Pick<TableRow, 'fault' | 'values'> | null {
  if (line.trim() === '') return null
  try {
    const value: unknown = JSON.parse(line)
    if (isTooDeep(value)) return { fault: tooDeep, values: {} }
    if (isObject(value)) return { fault: null, values: value }
    return { fault: `A record is expected, not ${describeValue(value)}.`, values: {} }
  } catch {
    const fault = locateJsonFault(line)
    const column = fault ? `, column ${fault.column}: ${fault.reason}` : ''
    return { fault: `The line is not JSON${column}.`, values: {} }
  }
}

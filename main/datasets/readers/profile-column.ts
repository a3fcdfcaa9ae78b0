import { isObject } from '../../../trainer/data/raw-record.ts'
import type { Column, HistogramBin } from '../../contract/imports.ts'
import { booleanCell, isEmptyCell } from '../mapping/cells.ts'
import { countWords } from '../mapping/column-evidence.ts'
import { histogramOf } from './histogram.ts'

const sampleLength = 200
const sampleCount = 3

/**
 * A column as some of its cells show it: its type, how much is filled, examples, and a histogram of the words of
 * texts, the values of numbers, the entries of lists or the two values of booleans.
 */
export function profileColumn(name: string, cells: readonly unknown[]): Column {
  const filled = cells.filter((cell) => !isEmptyCell(cell))
  const texts = filled.map((cell) => cellText(cell))
  const distinct = new Set(texts)
  const type = typeOf(filled)
  const length = texts.reduce((sum, text) => sum + text.length, 0)
  return {
    name,
    type,
    filled: filled.length,
    distinct: distinct.size,
    meanLength: filled.length === 0 ? 0 : Math.round((length / filled.length) * 10) / 10,
    samples: [...distinct].slice(0, sampleCount).map((text) => shortened(text, sampleLength)),
    histogram: histogramFor(type, filled),
  }
}

/** A cell as a preview shows it; lists and objects as JSON. */
export function cellText(cell: unknown): string {
  if (cell == null) return ''
  if (typeof cell === 'string') return cell
  return typeof cell === 'object' ? JSON.stringify(cell) : String(cell as number | boolean)
}

/** A text cut to a length, never inside a character. */
export function shortened(text: string, length: number): string {
  return text.length <= length
    ? text.toWellFormed()
    : `${text
        .slice(0, length - 1)
        .toWellFormed()
        .replace(/\ufffd$/, '')}…`
}

/** What the histogram of a column counts of a cell; null for a type without one. */
const measured: Readonly<Record<Column['type'], ((cell: unknown) => number) | null>> = {
  text: (cell) => countWords(cellText(cell)),
  number: Number,
  list: (cell) => (Array.isArray(cell) ? cell.length : 0),
  boolean: (cell) => (booleanCell(cell) === true ? 1 : 0),
  object: null,
  empty: null,
}

/** The number that the histogram of a column of this type counts for a cell; null where it counts none. */
export function measureCell(type: Column['type'], cell: unknown): number | null {
  return isEmptyCell(cell) ? null : (measured[type]?.(cell) ?? null)
}

function histogramFor(type: Column['type'], cells: readonly unknown[]): HistogramBin[] {
  const measure = measured[type]
  if (!measure) return []
  const values = cells.map((cell) => measure(cell))
  if (type !== 'boolean') return histogramOf(values)
  const yes = values.filter((value) => value === 1).length
  return [
    { from: 0, to: 1, label: 'false', count: cells.length - yes },
    { from: 1, to: 2, label: 'true', count: yes },
  ]
}

function typeOf(cells: readonly unknown[]): Column['type'] {
  if (cells.length === 0) return 'empty'
  if (cells.every(Array.isArray)) return 'list'
  if (cells.every(isObject)) return 'object'
  if (cells.every(isBoolean)) return 'boolean'
  return cells.every(isNumber) ? 'number' : 'text'
}

function isBoolean(cell: unknown): boolean {
  return typeof cell === 'boolean' || (typeof cell === 'string' && /^\s*(?:true|false)\s*$/i.test(cell))
}

function isNumber(cell: unknown): boolean {
  if (typeof cell === 'number') return true
  return typeof cell === 'string' && /^\s*[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?\s*$/i.test(cell)
}

import { isObject } from '../../../trainer/data/raw-record.ts'
import type { TableRow } from './table.ts'

const deepest = 4
const mostPaths = 200
const sampledRows = 100
const sampledEntries = 3

/**
 * The columns of a table, each followed by the paths into the lists and objects that its cells hold:
 * `answers.text`, `qas[].question`. A list of plain values is a column, not a path.
 *
 * @param names Of the cells, in their order.
 * @param rows The first rows.
 */
export function pathColumns(names: readonly string[], rows: readonly TableRow[]): string[] {
  const sample = rows.slice(0, sampledRows)
  const taken = new Set(names)
  const columns: string[] = []
  for (const name of names) {
    columns.push(name)
    // A name with a dot or a bracket in it would be read as a path.
    if (!isStep(name)) continue
    const below = new Set<string>()
    for (const { values } of sample) addPaths(values[name], name, deepest, below)
    for (const path of below)
      if (!taken.has(path) && columns.length < mostPaths + names.length) columns.push(path)
  }
  return columns
}

function addPaths(value: unknown, path: string, depth: number, paths: Set<string>): void {
  if (depth === 0 || paths.size >= mostPaths) return
  if (Array.isArray(value)) {
    for (const entry of value.slice(0, sampledEntries))
      if (isObject(entry)) addPaths(entry, `${path}[]`, depth, paths)
    return
  }
  if (!isObject(value)) return
  const keys = Object.keys(value)
  // Objects by id have other keys in every row: they are no columns.
  if (keys.length > 50) return
  for (const key of keys) {
    if (!isStep(key)) continue
    const child = `${path}.${key}`
    paths.add(child)
    addPaths(value[key], child, depth - 1, paths)
  }
}

function isStep(key: string): boolean {
  return key !== '' && key.length <= 60 && !/[.[\]{}]/.test(key)
}

import { isObject } from '../../../trainer/data/raw-record.ts'
import { unpacked } from './cells.ts'

/** One step into a nested value: a field by its name, an entry by its index, or every entry of a list. */
export type Step =
  | { readonly kind: 'key'; readonly key: string }
  | { readonly kind: 'index'; readonly index: number }
  | { readonly kind: 'each' }

export interface Path {
  readonly steps: readonly Step[]
}

/** Why a text is no path, with the place, counted from 1. */
export interface PathFault {
  readonly fault: string
  readonly position: number
}

const mostSteps = 64
const each: Step = Object.freeze({ kind: 'each' })

/**
 * Reads a path: names with dots between them, `[2]` behind a name for an entry of a list, `[]` for every entry.
 *
 * @example parsePath('answers[0].text') // steps: key answers, index 0, key text
 */
export function parsePath(text: string): Path | PathFault {
  const steps: Step[] = []
  let at = 0
  while (at < text.length) {
    if (steps.length >= mostSteps) return { fault: `a path has at most ${mostSteps} steps`, position: at + 1 }
    if (text[at] === '[') {
      const end = text.indexOf(']', at)
      const inside = text.slice(at + 1, end)
      if (end === -1) return { fault: 'the bracket is not closed', position: at + 1 }
      if (!/^\d{0,9}$/.test(inside))
        return { fault: 'between brackets stands a number or nothing', position: at + 2 }
      if (steps.length === 0) return { fault: 'a name stands before a bracket', position: at + 1 }
      steps.push(inside === '' ? each : { kind: 'index', index: Number(inside) })
      at = end + 1
      continue
    }
    if (steps.length > 0) {
      if (text[at] !== '.') return { fault: 'a dot stands behind a bracket', position: at + 1 }
      at++
    }
    const start = at
    while (at < text.length && text[at] !== '.' && text[at] !== '[') at++
    if (at === start) return { fault: 'a name is missing', position: at + 1 }
    steps.push({ kind: 'key', key: text.slice(start, at) })
  }
  return steps.length === 0 ? { fault: 'a name is missing', position: 1 } : { steps }
}

/** The name that a path begins with: the column that it leads into. */
export function headOf(text: string): string {
  return text.split(/[.[]/, 1)[0] ?? text
}

/** What opens lists and objects that stand in a cell as JSON or Python text; the newest one is not read twice. */
export type Unpack = (value: unknown) => unknown

export function createUnpack(): Unpack {
  let text = ''
  let value: unknown = ''
  return (given) => {
    if (typeof given !== 'string') return given
    if (given !== text) [text, value] = [given, unpacked(given)]
    return value
  }
}

/**
 * Follows a path into a value. Fields are own fields alone: `__proto__` and `constructor` are names like others.
 * Every entry of a list gives a list, in which what an entry lacks is an empty text. Undefined where the value does
 * not have what the path names.
 */
export function readSteps(value: unknown, steps: readonly Step[], unpack: Unpack): unknown {
  let here = value
  for (const [i, step] of steps.entries()) {
    here = unpack(here)
    if (step.kind === 'each') {
      if (!Array.isArray(here)) return undefined
      const rest = steps.slice(i + 1)
      // Parallel lists stay in step with one another.
      const entries = here.map((entry: unknown) => readSteps(entry, rest, unpack) ?? '')
      return rest.some(({ kind }) => kind === 'each') ? entries.flat() : entries
    }
    if (step.kind === 'index') here = Array.isArray(here) ? (here[step.index] as unknown) : undefined
    else here = isObject(here) && Object.hasOwn(here, step.key) ? here[step.key] : undefined
    if (here == null) return undefined
  }
  return here
}

/**
 * What reads a column of many rows: the cell of just that name, or what the name leads to as a path.
 *
 * @example const read = cellReader('meta.title'); rows.map(({ values }) => read(values))
 */
export function cellReader(column: string): (cells: Readonly<Record<string, unknown>>) => unknown {
  const path = parsePath(column)
  const steps = 'fault' in path || path.steps.length === 1 ? null : path.steps
  const unpack = createUnpack()
  return (cells) => {
    if (Object.hasOwn(cells, column)) return cells[column]
    return steps === null ? undefined : readSteps(cells, steps, unpack)
  }
}

import type { Mapping, Role, RoleSource } from '../../contract/imports.ts'
import { formRoles } from '../../contract/imports.ts'
import { AppError } from '../../contract/errors.ts'
import type { TableRow } from '../readers/table.ts'
import { shownCell } from './cells.ts'
import { listLevels, sharedLevels, walkingPaths } from './list-levels.ts'
import type { ListLevel } from './list-levels.ts'
import { createUnpack, parsePath, readSteps } from './paths.ts'
import type { Unpack } from './paths.ts'
import { isFault, parseTemplate } from './templates.ts'

/** What one record is read from: a row, or an entry of a list in it. */
export interface Scope {
  readonly where: string
  /** Why nothing can be read here, or null. */
  readonly fault: string | null
  /** The row's cells, then the entry of every list that is walked, outermost first. */
  readonly values: readonly unknown[]
}

type Cells = TableRow['values']
type RoleReader = (scope: Scope) => unknown

/** A mapping made ready for many rows. */
export interface RoleReaders {
  /** The records of a row; one for most mappings. */
  scopes(row: TableRow): readonly Scope[]
  /** The cell of a role: any JSON value, undefined where there is none. */
  cell(role: Role, scope: Scope): unknown
}

const nothing: RoleReader = () => undefined

/**
 * Works out once what every row needs: which lists are walked, and for each role the steps to its value.
 *
 * @throws AppError `mapping_incomplete` for a template that cannot be read, or several lists at once.
 */
export function compileRoles(mapping: Mapping): RoleReaders {
  const levels = listLevels(mapping)
  const unpack = createUnpack()
  const readers = new Map<Role, RoleReader>()
  const walking: string[] = []
  for (const role of formRoles[mapping.form]) {
    const source = mapping.roles[role]
    walking.push(...walkingPaths(role, source).filter((path) => path.includes('[]')))
    if (source !== undefined) readers.set(role, compileSource(role, source, { levels, unpack }))
  }
  return {
    scopes: (row) => {
      const scope = { where: row.where, fault: row.fault, values: [row.values] }
      if (row.fault !== null || levels.length === 0) return [scope]
      // A column of just that name is what is meant, and no list.
      const hasColumns = walking.every((path) => Object.hasOwn(row.values, path))
      return hasColumns ? [scope] : expand(scope, levels, unpack)
    },
    cell: (role, scope) => (readers.get(role) ?? nothing)(scope),
  }
}

interface CompileOptions {
  readonly levels: readonly ListLevel[]
  readonly unpack: Unpack
}

function compileSource(role: Role, source: RoleSource, options: CompileOptions): RoleReader {
  if (typeof source === 'string') return compilePath(source, options)
  if ('constant' in source) return () => source.constant
  const parts = parseTemplate(source.template)
  if (isFault(parts))
    throw new AppError(
      'mapping_incomplete',
      `The template for ${role} cannot be read at character ${parts.position}: ${parts.fault}.`,
      { role, template: source.template, position: parts.position },
    )
  const readers = parts.map((part) => ('source' in part ? compilePath(part.source, options) : part.text))
  const isConstant = readers.every((reader) => typeof reader === 'string')
  return (scope) => {
    let isEmpty = true
    let text = ''
    for (const reader of readers) {
      const cell = typeof reader === 'string' ? reader : shownCell(reader(scope))
      if (typeof reader !== 'string' && cell.trim() !== '') isEmpty = false
      text += cell
    }
    // The words between empty columns say nothing by themselves.
    return isEmpty && !isConstant ? undefined : text
  }
}

function compilePath(source: string, { levels, unpack }: CompileOptions): RoleReader {
  const column = (cells: Cells) => (Object.hasOwn(cells, source) ? cells[source] : undefined)
  const path = parsePath(source)
  if ('fault' in path || path.steps.length === 1) return ({ values }) => column(values[0] as Cells)
  const shared = sharedLevels(source, levels)
  const rest = path.steps.slice(levels.slice(0, shared).reduce((sum, { steps }) => sum + steps.length + 1, 0))
  return ({ values }) => {
    const cells = values[0] as Cells
    return Object.hasOwn(cells, source) ? cells[source] : readSteps(values[shared], rest, unpack)
  }
}

function expand(row: Scope, levels: readonly ListLevel[], unpack: Unpack): readonly Scope[] {
  let scopes: readonly Scope[] = [row]
  for (const { path, steps } of levels) {
    scopes = scopes.flatMap((scope): readonly Scope[] => {
      if (scope.fault !== null) return [scope]
      const list = unpack(readSteps(scope.values.at(-1), steps, unpack))
      if (!Array.isArray(list)) return [{ ...scope, fault: `There is no list ${path.slice(0, -2)} here.` }]
      return list.map((entry: unknown, i) => ({
        where: `${scope.where}[${i}]`,
        fault: null,
        values: [...scope.values, entry],
      }))
    })
  }
  return scopes
}

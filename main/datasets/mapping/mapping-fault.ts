import { freeTaskKinds, readTaskKind } from '../../../trainer/data/tasks.ts'
import { formRoles } from '../../contract/imports.ts'
import type { Mapping, Role, RoleSource } from '../../contract/imports.ts'
import { AppError } from '../../contract/errors.ts'
import { listLevels, sourcesOf } from './list-levels.ts'
import { missingRoles } from './missing-roles.ts'
import { headOf, parsePath } from './paths.ts'
import { isFault, parseTemplate } from './templates.ts'

// Columns that a message names.
const namedColumns = 30

/**
 * Checks a mapping against a file's columns, before anything is read by it.
 *
 * @param columns As the reader lists them; paths into nested values may be among them.
 * @param name The file's name, for the messages.
 * @throws AppError `mapping_incomplete` where a required role has no source, a column is not there, a path or a
 * template cannot be read, or several lists would be walked at once.
 */
export function requireMapping(mapping: Mapping, columns: readonly string[], name: string): void {
  if (columns.length === 0)
    throw new AppError(
      'mapping_incomplete',
      `The records of ${name} have no named fields, so none can have a role. Choose another file.`,
      { name },
    )
  const missing = missingRoles(mapping)
  if (missing.length > 0)
    throw new AppError(
      'mapping_incomplete',
      `No column has the role ${missing.join(' or ')}. Choose one for it; the file has the columns ${listed(columns)}.`,
      { name, missing: missing.join(', ') },
    )
  for (const role of formRoles[mapping.form]) {
    const source = mapping.roles[role]
    if (source !== undefined) requireSource(role, source, columns)
  }
  requireKind(mapping)
  listLevels(mapping)
}

/** What columns say is taken row by row; what a person chose must be one of the kinds. */
function requireKind({ roles }: Mapping): void {
  const source = roles.task
  if (typeof source !== 'object' || !('constant' in source) || readTaskKind(source.constant) !== null) return
  throw new AppError(
    'mapping_incomplete',
    `There is no kind of task named ${source.constant}. Choose among ${freeTaskKinds.join(', ')}.`,
    { role: 'task', kind: source.constant },
  )
}

function requireSource(role: Role, source: RoleSource, columns: readonly string[]): void {
  if (typeof source === 'string') return requireColumn(role, source, columns)
  if ('constant' in source) return
  const parts = parseTemplate(source.template)
  if (isFault(parts))
    throw new AppError(
      'mapping_incomplete',
      `The template for ${role} cannot be read at character ${parts.position}: ${parts.fault}.`,
      { role, template: source.template, position: parts.position },
    )
  for (const part of parts) if ('source' in part) requireColumn(role, part.source, columns)
}

function requireColumn(role: Role, source: string, columns: readonly string[]): void {
  if (hasColumn(columns, source)) return
  const path = parsePath(source)
  const head = headOf(source)
  if ('fault' in path && columns.some((column) => headOf(column) === head))
    throw new AppError(
      'mapping_incomplete',
      `The path ${source} for ${role} cannot be read at character ${path.position}: ${path.fault}.`,
      { role, path: source, position: path.position },
    )
  throw new AppError(
    'mapping_incomplete',
    `The file has no column named ${source}, which ${role} should be taken from. Choose among ${listed(columns)}.`,
    { role, column: source },
  )
}

/** Whether a file with these columns has the column, or the beginning of the path. */
function hasColumn(columns: readonly string[], source: string): boolean {
  if (columns.includes(source)) return true
  const head = headOf(source)
  return !('fault' in parsePath(source)) && columns.some((column) => headOf(column) === head)
}

/** Whether every column and path that a mapping uses is there. */
export function fitsColumns({ form, roles }: Mapping, columns: readonly string[]): boolean {
  return formRoles[form].every((role) => sourcesOf(roles[role]).every((source) => hasColumn(columns, source)))
}

function listed(columns: readonly string[]): string {
  const more = columns.length - namedColumns
  return columns.slice(0, namedColumns).join(', ') + (more > 0 ? ` and ${more} more` : '')
}

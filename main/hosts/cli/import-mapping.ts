import { nearestName } from '../../app.ts'
import type { Inspection, Mapping, Role } from '../../contract/datasets.ts'
import { Failure } from './failure.ts'

/** The columns that a person named. */
export type GivenRoles = ReadonlyMap<Role, string>

/**
 * The mapping to import a file by: the columns that a person named, and for other roles those that were guessed. Null
 * where a file needs none: documents, and SQuAD in its nested form.
 *
 * @throws Failure `mapping_incomplete` with the file's columns where one is not there or a required role has none,
 * `usage` where columns are named of a file that has none.
 */
export function mappingFor(inspection: Inspection, given: GivenRoles): Mapping | null {
  const { name, mapping: guessed } = inspection
  if (guessed === null) {
    if (given.size === 0) return null
    const what = inspection.kind === 'documents' ? 'a document' : 'SQuAD in its own form'
    throw new Failure('usage', `${name} is ${what} and has no columns to name: import it without --map.`, {
      name,
    })
  }
  const columns = inspection.columns.map((column) => column.name)
  if (columns.length === 0)
    throw new Failure(
      'mapping_incomplete',
      `The records of ${name} have no named fields, so none can be the context, the question or the answer. Choose another file.`,
      { name },
    )
  const list = columns.join(', ')
  for (const [role, column] of given) {
    if (columns.includes(column)) continue
    const near = nearestName(column, columns)
    throw new Failure(
      'mapping_incomplete',
      `${name} has no column ${column} for ${role}.${near ? ` Did you mean ${near}?` : ''} Its columns are ${list}.`,
      { name, role, column },
    )
  }
  const named = new Set(given.values())
  const kept = Object.entries(guessed.roles).filter(([, column]) => !named.has(column))
  const roles: Mapping['roles'] = { ...Object.fromEntries(kept), ...Object.fromEntries(given) }
  const missing = requiredRoles.filter((role) => roles[role] === undefined)
  if (missing.length === 0) return { roles }
  throw new Failure(
    'mapping_incomplete',
    `No column of ${name} was found for ${missing.join(' and ')}. Its columns are ${list}. Name the right ones: ` +
      missing.map((role) => `--map ${role}=COLUMN`).join(' '),
    { name, missing: missing.join(', ') },
  )
}

/** Roles without which a row is no question. */
const requiredRoles = ['context', 'question', 'answer'] as const satisfies readonly Role[]

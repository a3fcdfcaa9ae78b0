import type { App } from '../../app.ts'
import { nearestName, plainCall } from '../../app.ts'
import { formRoles, forms, requiredRoles } from '../../contract/imports.ts'
import type { Form, Inspection, Mapping, Role, RoleSource } from '../../contract/imports.ts'
import { readTaskKind } from '../../contract/tasks.ts'
import type { TaskKind } from '../../contract/tasks.ts'
import { Failure } from './failure.ts'
import { isNothingGiven } from './mapping-arguments.ts'
import type { GivenMapping } from './mapping-arguments.ts'

/** A mapping that was saved under a name. @throws Failure `mapping_missing` with the nearest name. */
export async function findSavedMapping({ handlers }: App, name: string): Promise<Mapping> {
  const saved = await handlers['data.mappings']({ columns: null }, plainCall)
  const folded = (text: string): string => text.normalize('NFC').replace(/\s+/gu, ' ').trim().toLowerCase()
  const found = saved.find((one) => folded(one.name) === folded(name))
  if (found) return found.mapping
  const names = saved.map((one) => one.name)
  const near = nearestName(name, names)
  const hint = near
    ? `Did you mean ${near}?`
    : names.length > 0
      ? `There are ${names.slice(0, 20).join(', ')}.`
      : 'There is none yet: loracle import --save-mapping NAME saves one.'
  throw new Failure('mapping_missing', `There is no saved mapping ${name}. ${hint}`, { name })
}

/** Where the mapping of a file comes from. */
export interface MappingWish {
  readonly given: GivenMapping
  /** The saved mapping that was asked for by its name. */
  readonly saved: Mapping | null
}

/**
 * The mapping to import a file by: a saved one or one from a file; else the guess of the form that is wanted. What
 * --map names wins over either. Null where a file needs none: documents, and SQuAD in its nested form.
 *
 * @throws Failure `mapping_incomplete` with the file's columns where one is not there or a required role has none,
 * `usage` where columns are named of a file that has none.
 */
export function mappingFor(inspection: Inspection, wish: MappingWish): Mapping | null {
  const { name, mapping: guessed } = inspection
  if (guessed === null) {
    if (isNothingGiven(wish.given)) return null
    const what = inspection.kind === 'documents' ? 'a document' : 'SQuAD in its own form'
    throw new Failure('usage', `${name} is ${what} and has no columns to name: take it without a mapping.`, {
      name,
    })
  }
  const columns = inspection.columns.map((column) => column.name)
  if (columns.length === 0)
    throw new Failure(
      'mapping_incomplete',
      `The records of ${name} have no named fields, so none can have a role. Choose another file.`,
      { name },
    )
  const base = baseOf(inspection, wish)
  const { form } = base
  const given = Object.entries(wish.given.roles) as [Role, RoleSource][]
  const stranger = [...(Object.entries(wish.given.file?.roles ?? {}) as typeof given), ...given].find(
    ([role]) => !isOf(form, role),
  )
  if (stranger)
    throw new Failure(
      'usage',
      `${stranger[0]} is no role of the form ${form}, whose roles are ${formRoles[form].join(', ')}. Choose another form with --form.`,
      { role: stranger[0], form },
    )
  for (const [role, source] of given)
    if (typeof source === 'string') requireColumn(source, { role, name, columns })
  const named = new Set(given.map(([, source]) => source))
  const kept = Object.entries(base.roles).filter(([, source]) => !named.has(source))
  const mapping: Mapping = { form, roles: { ...Object.fromEntries(kept), ...wish.given.roles } }
  const missing = requiredRoles[form].filter((role) => mapping.roles[role] === undefined)
  if (missing.length === 0) return mapping
  throw new Failure(
    'mapping_incomplete',
    `No column of ${name} was found for ${missing.join(' and ')}. Its columns are ${columns.join(', ')}. Name the right ones: ` +
      `${missing.map((role) => `--map ${role}=COLUMN`).join(' ')}, or choose another form with --form.`,
    { name, missing: missing.join(', ') },
  )
}

function isOf(form: Form, role: Role): boolean {
  const known: readonly Role[] = formRoles[form]
  return known.includes(role)
}

/** What --map changes: the mapping that was chosen, or the guess of the form that is wanted. */
function baseOf(inspection: Inspection, { given, saved }: MappingWish): Mapping {
  const guesses = [inspection.mapping, ...(inspection.otherMappings ?? [])].filter((one) => one !== null)
  const named = Object.keys({ ...given.file?.roles, ...given.roles }) as Role[]
  const fitting = [...guesses.map(({ form }) => form), ...forms].find((form) =>
    named.every((role) => isOf(form, role)),
  )
  if (given.task) {
    const proposed = inspection.taskMappings?.[given.task]
    const chosen = saved ?? (given.file ? { roles: given.file.roles } : null)
    const roles = { ...proposed?.roles, ...chosen?.roles, task: { constant: given.task } }
    return { form: 'task', roles }
  }
  if (saved) return given.form === null ? saved : { ...saved, form: given.form }
  const form = given.form ?? given.file?.form ?? fitting ?? guesses[0]?.form ?? 'qa'
  if (given.file) return { form, roles: given.file.roles }
  return guesses.find((one) => one.form === form) ?? { form, roles: {} }
}

interface Columns {
  readonly role: Role
  readonly name: string
  readonly columns: readonly string[]
}

function requireColumn(source: string, { role, name, columns }: Columns): void {
  const head = (text: string): string => text.split(/[.[]/, 1)[0] ?? text
  if (
    columns.includes(source) ||
    (source !== head(source) && columns.some((one) => head(one) === head(source)))
  )
    return
  const near = nearestName(source, columns)
  throw new Failure(
    'mapping_incomplete',
    `${name} has no column ${source} for ${role}.${near ? ` Did you mean ${near}?` : ''} Its columns are ${columns.join(', ')}.`,
    { name, role, column: source },
  )
}

/** A mapping in a line: `summarisation: instruction from question, target from “{a}: {b}”`. */
export function mappingText({ form, roles }: Mapping): string {
  const kind = kindOf({ form, roles })
  const parts = formRoles[form].flatMap((role) => {
    const source = roles[role]
    if (source === undefined || (role === 'task' && kind !== null)) return []
    return source === role ? [role] : [`${role} ${sourceText(source)}`]
  })
  const name = kind ?? form
  return `${name === 'qa' ? '' : `${name}: `}${parts.join(', ')}`
}

/** The kind of task that a mapping gives all rows; null where it gives none. */
export function kindOf({ form, roles }: Mapping): TaskKind | null {
  const source = roles.task
  return form === 'task' && typeof source === 'object' && 'constant' in source
    ? readTaskKind(source.constant)
    : null
}

export function sourceText(source: RoleSource): string {
  if (typeof source === 'string') return `from ${source}`
  return 'constant' in source ? `is “${source.constant}”` : `from “${source.template}”`
}

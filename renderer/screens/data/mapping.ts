import { formRoles, forms, requiredRoles } from '../../../main/contract/imports.ts'
import type { Form, GuessedRole, Mapping, Role, RoleSource } from '../../../main/contract/imports.ts'
import { readTaskKind } from '../../../main/contract/tasks.ts'
import type { TaskKind } from '../../../main/contract/tasks.ts'
import { columnsOf } from './template.ts'

type Roles = Mapping['roles']

/** What a role of one form is in another: the text of a question is the input of a task. */
const counterparts: Readonly<Record<Form, Partial<Readonly<Record<Role, readonly Role[]>>>>> = {
  qa: {
    context: ['input', 'text'],
    question: ['instruction'],
    answer: ['target'],
  },
  task: {
    input: ['context', 'text'],
    instruction: ['question'],
    target: ['answer'],
  },
  passages: { text: ['context', 'input', 'target'] },
}

export function isRole(form: Form, role: Role): boolean {
  const known: readonly Role[] = formRoles[form]
  return known.includes(role)
}

export function isRequired(form: Form, role: Role): boolean {
  const required: readonly Role[] = requiredRoles[form]
  return required.includes(role)
}

/** The role that a column plays by itself; null for none. */
export function roleOf(mapping: Mapping, column: string): Role | null {
  return formRoles[mapping.form].find((role) => mapping.roles[role] === column) ?? null
}

/** The roles whose text is put together from this column and others. */
export function templatesWith(mapping: Mapping, column: string): Role[] {
  return formRoles[mapping.form].filter((role) => {
    const source = mapping.roles[role]
    return typeof source === 'object' && 'template' in source && columnsOf(source.template).includes(column)
  })
}

/** The mapping with a column's role changed; the role's former column, and the column's former role, are free. */
export function withRole(mapping: Mapping, column: string, role: Role | null): Mapping {
  const kept = Object.entries(mapping.roles).filter(([name, taken]) => name !== role && taken !== column)
  return { ...mapping, roles: Object.fromEntries(role === null ? kept : [...kept, [role, column]]) }
}

/** The mapping with another source for a role; null leaves the role empty. A column that is taken leaves its role. */
export function withSource(mapping: Mapping, role: Role, source: RoleSource | null): Mapping {
  if (typeof source === 'string') return withRole(mapping, source, role)
  const kept = Object.entries(mapping.roles).filter(([name]) => name !== role)
  return { ...mapping, roles: Object.fromEntries(source === null ? kept : [...kept, [role, source]]) }
}

/**
 * The mapping in another form: roles that both forms have stay, the others go to their counterparts, and what is
 * still empty takes the column that was guessed for it.
 */
export function withForm(mapping: Mapping, form: Form, guesses: readonly GuessedRole[]): Mapping {
  if (form === mapping.form) return mapping
  const before: Roles = mapping.roles
  const next = new Map<Role, RoleSource>()
  for (const role of formRoles[form]) {
    const from = [role, ...(counterparts[form][role] ?? [])].find((one) => before[one] !== undefined)
    const source = from && before[from]
    if (source !== undefined) next.set(role, source)
  }
  for (const { role, column } of guesses) {
    if (isRole(form, role) && !next.has(role) && ![...next.values()].includes(column)) next.set(role, column)
  }
  return { form, roles: Object.fromEntries(next) }
}

/** The kind of task that a mapping gives all rows; any other text where it gives none. */
export function kindOf({ roles }: Mapping): TaskKind {
  const source = roles.task
  return typeof source === 'object' && 'constant' in source
    ? (readTaskKind(source.constant) ?? 'text')
    : 'text'
}

/**
 * The mapping to another kind of task: what is proposed for the kind, its instruction first of all, and of the mapping
 * the roles that the proposal leaves empty, where their columns are still free.
 */
export function withTask(
  mapping: Mapping,
  kind: TaskKind,
  proposals: Readonly<Partial<Record<TaskKind, Mapping>>>,
): Mapping {
  const proposed = proposals[kind]?.roles ?? {}
  const taken = new Set(Object.values(proposed).filter((source) => typeof source === 'string'))
  const kept = Object.entries(mapping.roles).filter(
    ([role, source]) => role !== 'task' && !(typeof source === 'string' && taken.has(source)),
  )
  return { form: 'task', roles: { ...Object.fromEntries(kept), ...proposed, task: { constant: kind } } }
}

/** The required roles that have no source. */
export function missingRoles(mapping: Mapping): Role[] {
  return requiredRoles[mapping.form].filter((role) => {
    const source = mapping.roles[role]
    return source === undefined || (typeof source === 'object' && isBlank(source))
  })
}

/**
 * The mapping in another form, made of the one among several that leaves the fewest required roles without a source;
 * of equal ones the first.
 */
export function bestInForm(
  mappings: readonly [Mapping, ...Mapping[]],
  form: Form,
  guesses: readonly GuessedRole[],
): Mapping {
  const [first, ...others] = mappings.map((mapping) => withForm(mapping, form, guesses))
  return others.reduce(
    (best, one) => (missingRoles(one).length < missingRoles(best).length ? one : best),
    first ?? withForm(mappings[0], form, guesses),
  )
}

function isBlank(source: Exclude<RoleSource, string>): boolean {
  return ('template' in source ? source.template : source.constant).trim() === ''
}

/** The guess behind a column's role, where the role is still the guessed one. */
export function guessFor(
  guesses: readonly GuessedRole[],
  mapping: Mapping,
  column: string,
): GuessedRole | undefined {
  return guesses.find((guess) => guess.column === column && mapping.roles[guess.role] === column)
}

/** Whether two mappings make the same records, whatever the order of their roles. */
export function isSameMapping(one: Mapping | null, other: Mapping | null): boolean {
  return JSON.stringify(one && inOrder(one)) === JSON.stringify(other && inOrder(other))
}

function inOrder({ form, roles }: Mapping): unknown[] {
  return [
    forms.indexOf(form),
    ...formRoles[form].map((role) => {
      const source = roles[role]
      return source === undefined ? null : source
    }),
  ]
}

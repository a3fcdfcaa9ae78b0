import type { GuessedRole, Mapping, Role } from '../../contract/datasets.ts'

/** Roles without which no record can be made. */
export const requiredRoles = ['context', 'question', 'answer'] as const satisfies readonly Role[]

/** The mapping that guesses amount to. */
export function mappingOf(guesses: readonly GuessedRole[]): Mapping {
  return { roles: Object.fromEntries(guesses.map(({ role, column }) => [role, column])) }
}

/** The required roles that a mapping lacks. */
export function missingRoles(mapping: Mapping): Role[] {
  return requiredRoles.filter((role) => mapping.roles[role] === undefined)
}

import { roles } from '../../../main/contract/datasets.ts'
import type { GuessedRole, Mapping, Role } from '../../../main/contract/datasets.ts'

/** Roles without which no example can be made. */
export const requiredRoles = ['context', 'question', 'answer'] as const satisfies readonly Role[]

/** The role that a column plays; null for none. */
export function roleOf(mapping: Mapping, column: string): Role | null {
  return roles.find((role) => mapping.roles[role] === column) ?? null
}

/** The mapping with a column's role changed; the role's former column, and the column's former role, are free. */
export function withRole(mapping: Mapping, column: string, role: Role | null): Mapping {
  const kept = Object.entries(mapping.roles).filter(([name, taken]) => name !== role && taken !== column)
  return { roles: Object.fromEntries(role === null ? kept : [...kept, [role, column]]) }
}

/** The required roles that no column plays. */
export function missingRoles(mapping: Mapping): Role[] {
  return requiredRoles.filter((role) => mapping.roles[role] === undefined)
}

/** The guess behind a column's role, where the role is still the guessed one. */
export function guessFor(
  guesses: readonly GuessedRole[],
  mapping: Mapping,
  column: string,
): GuessedRole | undefined {
  return guesses.find((guess) => guess.column === column && mapping.roles[guess.role] === column)
}

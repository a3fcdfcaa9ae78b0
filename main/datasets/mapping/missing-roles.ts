import { requiredRoles } from '../../contract/imports.ts'
import type { Mapping, Role } from '../../contract/imports.ts'

/** The required roles of its form that a mapping lacks. */
export function missingRoles({ form, roles }: Mapping): Role[] {
  return requiredRoles[form].filter((role) => roles[role] === undefined)
}

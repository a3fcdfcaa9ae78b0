import type { Form, GuessedRole, Mapping, Role } from '../../contract/imports.ts'
import type { ColumnEvidence } from './column-evidence.ts'
import { nameScore } from './role-names.ts'

/** From here on a column is taken for a role. */
export const leastScore = 0.5

/** What speaks for a column in a role: points, and the reasons as clauses. */
export interface Weighed {
  readonly role: Role
  readonly column: string
  /** 0 to 1, of the name alone. */
  readonly byName: number
  /** 0 to 1, of the cells alone. */
  readonly byCells: number
  readonly cells: string
}

/** A mapping of one form as names and cells suggest it. */
export interface GuessedMapping {
  readonly mapping: Mapping
  /** Of the roles that are taken from columns. */
  readonly guesses: readonly GuessedRole[]
  /** Required roles that nothing was found for. */
  readonly missing: readonly Role[]
}

export interface WeighOptions {
  readonly form: Form
  readonly byCells: number
  /** What the cells say, as a clause; empty where they say nothing. */
  readonly cells: string
}

export function weighed(role: Role, column: ColumnEvidence, options: WeighOptions): Weighed {
  return {
    role,
    column: column.name,
    byName: nameScore(column.name, role, options.form),
    byCells: Math.max(0, options.byCells),
    cells: options.cells,
  }
}

/** Name and cells as two independent hints: the chance that not both mislead. */
export function pointsOf({ byName, byCells }: Weighed): number {
  return 1 - (1 - 0.75 * byName) * (1 - byCells)
}

/** The column with most points for a role, if it has enough. */
export function bestOf(
  columns: readonly ColumnEvidence[],
  weigh: (column: ColumnEvidence) => Weighed,
): Weighed | null {
  const best = columns
    .map(weigh)
    .reduce<Weighed | null>((top, one) => (pointsOf(one) > (top ? pointsOf(top) : 0) ? one : top), null)
  return best && pointsOf(best) >= leastScore ? best : null
}

export function guessedRole(one: Weighed): GuessedRole {
  const { role, column } = one
  const confidence = Math.round(Math.min(0.99, pointsOf(one)) * 100) / 100
  return { role, column, confidence, reason: reasonOf(one) }
}

function reasonOf({ byName, column, cells }: Weighed): string {
  const name = byName > 0 ? `its name is “${column}”` : ''
  const clauses = [name, cells].filter((clause) => clause !== '').join(', and ')
  return clauses === '' ? '' : `${clauses.charAt(0).toUpperCase()}${clauses.slice(1)}.`
}

export function percent(share: number): string {
  return `${Math.round(share * 100)} %`
}

export function weighId(form: Form): (column: ColumnEvidence) => Weighed {
  return (column) => {
    const isKey = column.distinct === 1 && !column.hasSpaces && column.filled > 1
    const cells = isKey ? 'all its cells differ' : ''
    const one = weighed('id', column, { form, byCells: isKey ? 0.3 : 0, cells })
    return column.texts > 0.9 && column.distinct > 0.5 ? one : { ...one, byName: 0 }
  }
}

export function weighTitle(form: Form): (column: ColumnEvidence) => Weighed {
  return (column) => {
    const isRepeated = column.distinct < 0.8
    const one = weighed('title', column, {
      form,
      byCells: isRepeated && column.meanWords < 15 ? 0.2 : 0,
      cells: isRepeated ? 'its cells repeat' : '',
    })
    return column.texts > 0.9 && column.meanWords < 30 ? one : { ...one, byName: 0 }
  }
}

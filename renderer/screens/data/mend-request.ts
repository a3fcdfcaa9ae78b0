import type { ProblemGroup } from '../../../main/contract/datasets.ts'

/** Mends to make or to take back: of some rows, of a kind (`ids` null), or of all kinds (`kind` null as well). */
export interface MendRequest {
  readonly kind: string | null
  readonly ids: readonly number[] | null
  readonly undo: boolean
}

/**
 * The request that takes a request back. All of a kind can be named as such only where nothing was the other way
 * before; else the rows must be named, so that mends of before are left as they are.
 */
export function inverseOf(
  request: MendRequest,
  before: readonly ProblemGroup[],
  rows: readonly number[] | null,
): MendRequest | null {
  const { kind, ids, undo } = request
  if (ids) return { kind, ids, undo: !undo }
  const touched = before.filter((group) => kind === null || group.kind === kind)
  const other = touched.reduce((sum, group) => sum + (undo ? group.mendable : group.undoable), 0)
  if (other === 0) return { kind, ids: null, undo: !undo }
  return rows && { kind, ids: rows, undo: !undo }
}

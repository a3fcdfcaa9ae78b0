import type { Proposal } from '../mending/proposals.ts'

/** What shows only across rows, or only with the model in sight. */
export const setProblemKinds = [
  'contradiction',
  'split_leak',
  'near_duplicate',
  'context_beyond_window',
] as const
export type SetProblemKind = (typeof setProblemKinds)[number]

/** One finding on one example. */
export interface SetProblem {
  readonly kind: SetProblemKind
  readonly exampleId: number
  readonly message: string
  /** Null where nothing can be done about it here. */
  readonly proposal: Proposal | null
}

import type { SearchObjective, TrialInfo } from '../../../../main/contract/searches.ts'

/** As they are trained, or the best first. */
export type TrialOrder = 'trial' | 'value'

/** Trials in an order; those without a value, and those that failed, come last of those sorted by value. */
export function inOrder(
  trials: readonly TrialInfo[],
  order: TrialOrder,
  objective: SearchObjective,
): readonly TrialInfo[] {
  if (order === 'trial') return trials
  const rank = ({ status, bestValue }: TrialInfo): number => {
    if (status === 'failed' || bestValue === null) return Infinity
    return objective === 'loss' ? bestValue : -bestValue
  }
  return trials.toSorted((a, b) => (rank(a) === rank(b) ? a.number - b.number : rank(a) - rank(b)))
}

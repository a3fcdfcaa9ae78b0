import type { SearchObjective, TrialValidation } from '../contract/searches.ts'

/** Finished trials that there must be before any is compared with them. */
export const fewestCompared = 3
/** Share of its steps before which no trial is stopped: the learning rate still rises. */
export const warmUpShare = 0.2

/** True where `a` is the better value. */
export function isBetter(a: number, b: number, objective: SearchObjective): boolean {
  return objective === 'loss' ? a < b : a > b
}

/** The best validation up to a share of the steps; null where there is none yet. */
export function bestUpTo(
  validations: readonly TrialValidation[],
  objective: SearchObjective,
  share = 1,
): TrialValidation | null {
  return validations
    .filter((validation) => validation.share <= share + 1e-9)
    .reduce<TrialValidation | null>(
      (best, one) => (best === null || isBetter(one.value, best.value, objective) ? one : best),
      null,
    )
}

/**
 * Whether a trial is to be stopped: the median stopping rule of Golovin et al., "Google Vizier: A Service for
 * Black-Box Optimization" (KDD 2017), in the form of Optuna's MedianPruner: its best value so far is
 * worse than the median of what the finished trials had by then. (Vizier takes the running means of the others,
 * which stand above any present loss while losses fall, and so stop next to nothing.) Trials of different lengths
 * are compared at the same share of their steps, where their learning rates stand alike.
 *
 * @param finished the courses of the trials that were trained to their end
 */
export function isHopeless(
  course: readonly TrialValidation[],
  finished: readonly (readonly TrialValidation[])[],
  objective: SearchObjective,
): boolean {
  const last = course.at(-1)
  if (!last || last.share < warmUpShare || last.share >= 1) return false
  const best = bestUpTo(course, objective)
  const others = finished.flatMap((other) => bestUpTo(other, objective, last.share)?.value ?? [])
  if (!best || others.length < fewestCompared) return false
  return isBetter(median(others), best.value, objective)
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length / 2
  const [low = NaN, high = low] = sorted.slice(Math.ceil(middle) - 1, Math.floor(middle) + 1)
  return (low + high) / 2
}

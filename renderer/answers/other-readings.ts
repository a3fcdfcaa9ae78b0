import { leastProbability } from '../../main/contract/comparisons.ts'
import type { Alternative, SideAnswer } from '../../main/contract/comparisons.ts'

/** What a model weighed beside the answer that it gave; everything where it gave none. */
export function otherReadings({ alternatives = [], unanswerable, span }: SideAnswer): readonly Alternative[] {
  const isGiven = (one: Alternative) =>
    !unanswerable && one.span.start === span?.start && one.span.end === span.end
  return alternatives.filter((one) => one.probability >= leastProbability && !isGiven(one))
}

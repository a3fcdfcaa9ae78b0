/** A question's outcomes: the score of its best answer, and of saying that there is none, each 0 to 1. */
export interface ThresholdCase {
  /** How much more likely no answer is than the best one. */
  readonly noAnswerScore: number
  readonly answered: number
  readonly refused: number
}

/**
 * The threshold with the best sum of scores where questions with a higher `noAnswerScore` are refused: the lowest of the
 * best, as `find_best_thresh` of the official SQuAD 2.0 scorer has it (Rajpurkar et al. 2018), moved halfway to the
 * next question, since others will not fall on the same numbers. To refuse everything it lies below all.
 */
export function bestThreshold(cases: readonly ThresholdCase[]): number {
  const sorted = cases
    .filter(({ noAnswerScore }) => Number.isFinite(noAnswerScore))
    .sort((a, b) => a.noAnswerScore - b.noAnswerScore)
  const lowest = sorted[0]?.noAnswerScore ?? 0
  let threshold = lowest - 1
  let sum = 0
  let best = 0
  for (const [i, { noAnswerScore, answered, refused }] of sorted.entries()) {
    sum += answered - refused
    // Equal scores fall on the same side.
    if (sorted[i + 1]?.noAnswerScore === noAnswerScore) continue
    if (sum > best) {
      best = sum
      threshold = (noAnswerScore + (sorted[i + 1]?.noAnswerScore ?? noAnswerScore)) / 2
    }
  }
  return threshold
}

import type { Interval, ScoreTile } from '../contract/comparisons.ts'
import { bootstrapPairs, figuresPerQuestion } from './bootstrap.ts'

/** One compared question's figures; F1 in percent. */
export interface QuestionScore {
  readonly set_name: string
  readonly base_right: number
  readonly tuned_right: number
  readonly base_f1: number
  readonly tuned_f1: number
}

/**
 * The fewest questions of which a difference can be called more than noise: even if all point one way, a sign test
 * says so at 5 % from six on (2 · 2⁻⁶), while a bootstrap over fewer has no spread to see.
 */
export const fewestQuestions = 6

/** F1 and exact match before and after, with intervals, over the given questions. */
export async function scoreTiles(questions: readonly QuestionScore[]): Promise<readonly ScoreTile[]> {
  const figures = new Float64Array(questions.length * figuresPerQuestion)
  questions.forEach(({ base_f1, tuned_f1, base_right, tuned_right }, row) => {
    figures.set([base_f1, tuned_f1, 100 * base_right, 100 * tuned_right], row * figuresPerQuestion)
  })
  const [f1, exactMatch] = await bootstrapPairs(figures)
  const verdict = (difference: Interval) => verdictOf(difference, questions.length)
  return [
    { metric: 'f1', ...f1, verdict: verdict(f1.difference) },
    { metric: 'exactMatch', ...exactMatch, verdict: verdict(exactMatch.difference) },
  ]
}

function verdictOf({ low, high }: Interval, questions: number): ScoreTile['verdict'] {
  if (questions < fewestQuestions || (low <= 0 && high >= 0)) return 'noise'
  return low > 0 ? 'better' : 'worse'
}

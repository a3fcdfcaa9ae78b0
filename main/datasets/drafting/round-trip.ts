import { answerWords } from '../../../trainer/data/normalize-answer.ts'
import { f1Score } from '../../../trainer/metrics/squad.ts'
import type { AnswerReport } from '../../../trainer/protocol.ts'

/** Why a question is not kept though it is one. */
export const roundTripFaults = {
  unanswerable: 'The model, asked its own question, found no answer.',
  otherAnswer: 'The model, asked its own question, gave another answer.',
} as const

/** Answers that say more than the candidate count where they are this much alike. */
const likeEnough = 0.8

export type RoundTrip =
  { readonly score: number } | { readonly refused: (typeof roundTripFaults)[keyof typeof roundTripFaults] }

/**
 * Whether a model that was asked its own question gave back the answer that it was written for: the same after
 * SQuAD's normalisation, or the candidate with a little around it (F1 of 0.8 at least). Round-trip consistency after
 * Alberti et al. 2019.
 */
export function roundTrip(expected: string, { columns }: Pick<AnswerReport, 'columns'>): RoundTrip {
  const [column] = columns
  const given = column?.answers[column.best]
  const words = answerWords(given?.text ?? '')
  if (!given || given.unanswerable || words.length === 0) return { refused: roundTripFaults.unanswerable }
  const wanted = answerWords(expected).join(' ')
  const isSame = words.join(' ') === wanted
  const isInside = ` ${words.join(' ')} `.includes(` ${wanted} `)
  if (isSame || (isInside && f1Score(given.text, expected) >= likeEnough)) return { score: given.score }
  return { refused: roundTripFaults.otherAnswer }
}

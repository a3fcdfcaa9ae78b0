import type { SpanAlternative, TextUsage } from './protocol.ts'

/** The answer to one question, chosen among the windows of its context. */
export interface Answered {
  readonly text: string
  readonly unanswerable: boolean
  /** Mean log-probability of the answer's tokens, the end mark included; of a marked answer its log-probability. */
  readonly score: number
  readonly windows: number
  /** True where the question was cut to leave room for the context. */
  readonly questionCut: boolean
  /** True where the input of a task was cut to the model's window. */
  readonly inputCut: boolean
  /** Of all windows the tokens that were read; of the answer those that were written, none where it was marked. */
  readonly usage: TextUsage
  /** Of a model that marks answers in the text: where this one stands, and what else it might have been. */
  readonly marked?: MarkedAnswer
}

/** So many alternatives are told with an answer. */
export const shownAlternatives = 5

export interface MarkedAnswer {
  /** The best spans, best first; the first is the answer unless there is none. */
  readonly alternatives: readonly SpanAlternative[]
  /** The score of no answer less that of the best span; null where the context has no token. */
  readonly noAnswerScore: number | null
  /** What answers from several contexts are compared by: scores of one model are of one scale. */
  readonly rank: number
}

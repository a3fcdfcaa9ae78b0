import type { Example } from './example.ts'
import { normalizeAnswer } from './normalize-answer.ts'

/** What a model is taught to say where the context holds no answer. */
export const unanswerable = 'unanswerable'

/** The source text of the QA task as T5 was trained on it (Raffel et al. 2020, appendix D). */
export function qaPrompt(question: string, context: string): string {
  return `question: ${question} context: ${context}`
}

/** The target text of an example: its first answer, or, of a question without one, `unanswerable`. */
export function targetOf(example: Pick<Example, 'answers'>): string {
  return example.answers[0]?.text ?? unanswerable
}

/** Whether a model's answer says that there is none, compared after SQuAD's normalisation. */
export function isUnanswerable(text: string): boolean {
  return normalizeAnswer(text) === unanswerable
}

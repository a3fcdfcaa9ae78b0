import { normalizeAnswer } from '../../../trainer/data/normalize-answer.ts'
import { hashText } from '../../../trainer/data/random.ts'

// Words that change nothing of what is asked, in the languages that most data are in.
const small = new Set(
  `a an the of to in on at by for and or is are was were be do does did please that this
   der die das ein eine den dem des und oder ist sind war waren zu im am bitte
   el la los las un una de del y o es son fue en al por
   le les une des du et ou est sont à au`.split(/\s+/),
)

/** A question without case, punctuation and small words; where nothing is left, without case and white space alone. */
export function plainQuestion(question: string): string {
  const words = question.toLowerCase().match(/[\p{L}\p{M}\p{N}]+/gu) ?? []
  const telling = words.filter((word) => !small.has(word))
  return telling.join(' ') || words.join(' ') || question.trim()
}

/** A short key of texts that belong together. */
export function keyOf(...parts: readonly (string | number)[]): string {
  return hashText(parts.join('\u0000'))
}

/** Answers as they are compared: after SQuAD's normalisation, sorted, each once. */
export function plainAnswers(answers: readonly { readonly text: string }[]): string[] {
  return [...new Set(answers.map(({ text }) => normalizeAnswer(text) || text.trim()))].sort()
}

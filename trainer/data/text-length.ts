import type { Answer } from './example.ts'

/** Characters of a context beyond which something is probably wrong with its file. */
export const longContext = 1_000_000

const questionWords = 1000
const answerWords = 500
/** An answer that is nearly the whole context points at nothing; in a short one that can happen. */
const largestShare = 0.8
const shareCountsFrom = 1000

/** Why texts are of unlikely length, in a sentence; null where they are not. */
export function lengthFault(context: string, question: string, answers: readonly Answer[]): string | null {
  if (context.length > longContext)
    return `The context has ${context.length.toLocaleString('en-US')} characters, more than a book.`
  if (hasMoreWords(question, questionWords))
    return `The question has more than ${questionWords.toLocaleString('en-US')} words.`
  for (const { text, start } of answers) {
    if (hasMoreWords(text, answerWords)) return `The answer has more than ${answerWords} words.`
    if (start !== null && context.length > shareCountsFrom && text.length > largestShare * context.length)
      return `The answer is ${Math.round((100 * text.length) / context.length)} % of its context, so it points at nothing in it.`
  }
  return null
}

function hasMoreWords(text: string, most: number): boolean {
  // A word and the space before it take two units.
  if (text.length < 2 * most) return false
  const word = /\S+/g
  for (let words = 0; word.test(text); words++) if (words === most) return true
  return false
}

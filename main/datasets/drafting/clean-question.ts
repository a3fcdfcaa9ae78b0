import { answerWords } from '../../../trainer/data/normalize-answer.ts'
import type { CandidateKind } from './candidate-rules.ts'
import { canAskFor } from './question-kind.ts'

/** What became of a text that was written as a question. */
export type CleanedQuestion =
  { readonly question: string } | { readonly refused: (typeof questionFaults)[keyof typeof questionFaults] }

/** Why a written text is not taken as a question. */
export const questionFaults = {
  empty: 'Nothing was written.',
  noQuestion: 'What was written is no question.',
  length: 'The question has fewer than 3 or more than 30 words.',
  answerInside: 'The question holds its own answer.',
  copy: 'The question repeats the sentence.',
  stutter: 'The question repeats itself.',
  otherKind: 'The question asks for another kind of answer.',
  vague: 'The question takes up too little of the text.',
} as const

const fewestWords = 3
const mostWords = 30
const longestLine = 1000
/** Words of a question that follow one another in the text: beyond this share it asks nothing. */
const copiedShare = 0.9
const stutteredWords = 3
/** Words beyond the commonest that a question must take up from the text. */
const fewestShared = 2
const commonest = new Set(
  'is are was were be been do does did has have had of in on at by to for from with as and or not it its that this what which who whom whose when where why how many much name type kind'.split(
    ' ',
  ),
)

/**
 * The question in a written text: its first line up to the first question mark, tidied. Refused where there is none,
 * where it is too short or too long, where it holds the answer, repeats itself or the
 * sentence, asks for another kind of answer, or takes up hardly anything of the text.
 */
export function cleanQuestion(
  written: string,
  { answer, kind, text }: { answer: string; kind: CandidateKind; text: string },
): CleanedQuestion {
  const [first = ''] = written
    .trim()
    .slice(0, longestLine)
    .split(/[\r\n]/)
  const line = first.trim().replace(/^(?:question|q)\s*:\s*/iu, '')
  if (line === '') return { refused: questionFaults.empty }
  const mark = line.search(/[?？]/)
  if (mark < 0) return { refused: questionFaults.noQuestion }
  const asked = line
    .slice(0, mark)
    .replace(/\s+/g, ' ')
    .replace(/\s+([,;:.%])/g, '$1')
    .trim()
  const question = `${asked.charAt(0).toUpperCase()}${asked.slice(1)}?`
  const words = question.match(/[\p{L}\p{N}][^\s]*/gu)?.length ?? 0
  if (words < fewestWords || words > mostWords) return { refused: questionFaults.length }
  const own = answerWords(question)
  if (holds(own, answerWords(answer))) return { refused: questionFaults.answerInside }
  if (isCopy(own, answerWords(text))) return { refused: questionFaults.copy }
  if (stutters(own)) return { refused: questionFaults.stutter }
  if (!canAskFor(question, kind)) return { refused: questionFaults.otherKind }
  if (sharedWords(own, answerWords(text)) < fewestShared) return { refused: questionFaults.vague }
  return { question }
}

/** Whether the words of one text follow one another in another one. */
function holds(words: readonly string[], part: readonly string[]): boolean {
  return part.length > 0 && ` ${words.join(' ')} `.includes(` ${part.join(' ')} `)
}

/** Whether nearly all the question's words stand in the text in one piece. */
function isCopy(question: readonly string[], text: readonly string[]): boolean {
  const length = Math.ceil(copiedShare * question.length)
  for (let start = 0; start + length <= question.length; start++)
    if (holds(text, question.slice(start, start + length))) return true
  return false
}

/** Whether the same few words come twice, or one word twice in a row. */
function stutters(words: readonly string[]): boolean {
  const seen = new Set<string>()
  for (const [i, word] of words.entries()) {
    if (word === words[i + 1]) return true
    const run = words.slice(i, i + stutteredWords)
    const text = run.join(' ')
    if (run.length === stutteredWords && seen.has(text)) return true
    seen.add(text)
  }
  return false
}

function sharedWords(question: readonly string[], text: readonly string[]): number {
  const known = new Set(text)
  return new Set(question.filter((word) => known.has(word) && !commonest.has(word))).size
}

import { codePointLength } from './code-points.ts'
import type { Span } from './code-points.ts'

/** A word of a text, and where it stands in code points. */
export interface Word extends Span {
  readonly text: string
}

const segmenter = new Intl.Segmenter('en', { granularity: 'word' })

/** The words of a text in their order, punctuation left out, by the rules of Unicode. */
export function wordsOf(text: string): Word[] {
  const words: Word[] = []
  let at = 0
  for (const { segment, isWordLike } of segmenter.segment(text)) {
    const end = at + codePointLength(segment)
    if (isWordLike === true) words.push({ text: segment, start: at, end })
    at = end
  }
  return words
}

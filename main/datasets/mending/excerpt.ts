/** Characters of the context that are shown before and after an answer. */
export const excerptMargin = 120

/** A stretch of a context around an answer, as it is cut out by counting characters. */
export interface CutExcerpt {
  readonly text: string
  /** Where the answer begins in it, in code points. */
  readonly start: number
  /** True where the context goes on before or after it. */
  readonly before: boolean
  readonly after: boolean
}

/**
 * The stretch as a person reads it: from word to word, with dots where the context goes on. Null where the answer
 * does not stand at its place: the context is another one by now.
 */
export function excerptOf(
  cut: CutExcerpt,
  answer: string,
): { readonly text: string; readonly start: number } | null {
  const characters = Array.from(cut.text)
  const end = cut.start + Array.from(answer).length
  if (answer === '' || characters.slice(cut.start, end).join('') !== answer) return null
  const from = cut.before ? characters.findIndex((character) => /\s/u.test(character)) + 1 : 0
  const begin = from <= cut.start ? from : 0
  const last = cut.after ? characters.findLastIndex((character) => /\s/u.test(character)) : -1
  const stop = last >= end ? last : characters.length
  const text = characters.slice(begin, stop).join('')
  return {
    text: `${cut.before ? '…' : ''}${text}${cut.after ? '…' : ''}`,
    start: cut.start - begin + (cut.before ? 1 : 0),
  }
}

import { sentencesOf } from '../passages/sentences.ts'

/** A stretch of a text, in UTF-16 units. */
export interface Span {
  readonly start: number
  readonly end: number
}

const leansBack =
  /^["'“‘(]*(?:he|she|it|they|this|that|these|those|his|her|hers|its|their|theirs|him|them|here|there|such)\b/iu
const shortSentence = 6
const longestSide = 400

/** The sentences of a text as stretches of it, without the white space around them. */
export function sentenceSpans(text: string): Span[] {
  const spans: Span[] = []
  let start = 0
  for (const sentence of sentencesOf(text)) {
    const from = start + (sentence.length - sentence.trimStart().length)
    const to = start + sentence.trimEnd().length
    if (to > from) spans.push({ start: from, end: to })
    start += sentence.length
  }
  return spans
}

/**
 * What a question about a stretch of a text is written from: the sentence, or the sentences, that it stands in, and
 * the one before where that one leans on it (a pronoun in front) or says little. White space is made single spaces;
 * of what is very long the nearest words are taken.
 */
export function sentencesAround(text: string, span: Span, sentences = sentenceSpans(text)): string {
  const within = sentences.flatMap(({ start, end }, i) => (start < span.end && end > span.start ? [i] : []))
  const first = within[0] ?? 0
  const last = within.at(-1) ?? 0
  const start = Math.min(span.start, sentences[first]?.start ?? 0)
  const end = Math.max(span.end, sentences[last]?.end ?? text.length)
  const own = text.slice(start, end)
  const before = sentences[first - 1]
  const leans = leansBack.test(own) || own.split(/\s+/).length < shortSentence
  return nearest(text, span, { start: before && leans ? before.start : start, end })
}

/** A stretch cut at word borders to some hundred characters on each side of another one within it. */
function nearest(text: string, span: Span, { start, end }: Span): string {
  let from = Math.max(start, span.start - longestSide)
  let to = Math.min(end, span.end + longestSide)
  while (from > start && from < span.start && !/\s/.test(text.charAt(from - 1))) from++
  while (to < end && to > span.end && !/\s/.test(text.charAt(to))) to--
  return text.slice(from, to).trim().replace(/\s+/g, ' ')
}

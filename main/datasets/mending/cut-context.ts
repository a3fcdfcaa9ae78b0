import { codePointIndex, codePointLength } from '../../../trainer/data/code-points.ts'
import type { RawRecord } from '../../../trainer/data/raw-record.ts'
import { estimateTokens } from '../passages/count-tokens.ts'

/**
 * A record whose context is cut at ends of sentences, so that it has at most about so many tokens: around the first
 * answer and as many others as fit, from the start for a question without one. Answers outside are left out. Null
 * where it fits as it is.
 */
export function cutContext(record: RawRecord, tokens: number): RawRecord | null {
  const { context, answers } = record
  if (typeof context !== 'string' || estimateTokens(context) <= tokens) return null
  const index = codePointIndex(context)
  const places = answers.map(({ text, start }) => {
    const from = index.toUtf16(start ?? 0)
    return { from, to: from + text.length }
  })
  const first = places[0] ?? { from: 0, to: 0 }
  const sentences = sentencesOf(context)
  let from = sentences.findLastIndex(({ start }) => start <= first.from)
  let to = sentences.findIndex(({ end }) => end >= first.to)
  from = Math.max(0, from)
  to = Math.max(from, to)
  let room = tokens - sumTokens(sentences.slice(from, to + 1))
  // What follows and what stands before are taken in turn, as far as there is room.
  for (let isMore = true; isMore;) {
    isMore = false
    for (const side of [1, -1]) {
      const next = side === 1 ? sentences[to + 1] : sentences[from - 1]
      if (!next || next.tokens > room) continue
      room -= next.tokens
      if (side === 1) to++
      else from--
      isMore = true
    }
  }
  const start = sentences[from]?.start ?? 0
  const end = sentences[to]?.end ?? context.length
  const kept = context.slice(start, end)
  const cut = kept.trimEnd()
  const offset = codePointLength(context.slice(0, start))
  return {
    ...record,
    context: cut,
    answers: answers.flatMap((answer, i) => {
      const place = places[i]
      if (!place || place.from < start || place.to > start + cut.length) return []
      return [{ text: answer.text, start: answer.start === null ? null : answer.start - offset }]
    }),
  }
}

interface Sentence {
  readonly start: number
  readonly end: number
  readonly tokens: number
}

function sumTokens(sentences: readonly Sentence[]): number {
  return sentences.reduce((sum, { tokens }) => sum + tokens, 0)
}

/** Stretches that end after a sentence's mark or a line's end; together they are the text. */
function sentencesOf(text: string): Sentence[] {
  const sentences: Sentence[] = []
  let start = 0
  const add = (end: number) => {
    if (end > start) sentences.push({ start, end, tokens: estimateTokens(text.slice(start, end)) })
    start = end
  }
  for (const { index, 0: mark } of text.matchAll(/[.!?…]["'”’)\]]{0,3}\s+|[。！？]|\n+/g))
    add(index + mark.length)
  add(text.length)
  return sentences
}

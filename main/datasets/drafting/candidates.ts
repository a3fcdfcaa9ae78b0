import { codePointIndex } from '../../../trainer/data/code-points.ts'
import { normalizeAnswer } from '../../../trainer/data/normalize-answer.ts'
import { candidateRules } from './candidate-rules.ts'
import type { CandidateKind } from './candidate-rules.ts'
import { sentenceSpans } from './sentences-around.ts'
import type { Span } from './sentences-around.ts'

/** A stretch of a passage that could answer a question about it. */
export interface Candidate {
  readonly text: string
  /** Unicode code points from the passage's start. */
  readonly start: number
  readonly kind: CandidateKind
  /** 0 to 1: how likely it is to be asked for. */
  readonly score: number
}

interface Found extends Span {
  readonly kind: CandidateKind
  readonly score: number
  readonly sentence: number
}

const mostWords = 12
/** A candidate with more of its sentence's words leaves nothing to ask with. */
const largestShare = 0.6
const longestSentence = 2000

/**
 * Stretches of a passage that could be answers, found by simple rules of language (`candidateRules`): numbers,
 * dates, names, quoted and defined terms, short noun phrases, list entries. None is a sentence, none has more than
 * twelve words, none overlaps another, and none has the same words as another.
 *
 * @param most At most so many; spread over the sentences, the best of each first.
 */
export function answerCandidates(text: string, most: number): Candidate[] {
  const sentences = sentenceSpans(text)
  const found = sentences.flatMap((sentence, number) => inSentence(text, sentence, number))
  const index = codePointIndex(text)
  return spread(text, found, most)
    .sort((a, b) => a.start - b.start)
    .map(({ start, end, kind, score }) => ({
      text: text.slice(start, end),
      start: index.toCodePoints(start),
      kind,
      score,
    }))
}

function inSentence(text: string, { start, end }: Span, number: number): Found[] {
  const sentence = text.slice(start, Math.min(end, start + longestSentence))
  const words = wordCount(sentence)
  return candidateRules.flatMap(({ kind, score, find }) =>
    find(sentence).flatMap((span) => {
      const trimmed = trim(sentence, span)
      const own = wordCount(sentence.slice(trimmed.start, trimmed.end))
      const isSentence = kind !== 'entry' && own > largestShare * words
      if (own === 0 || own > mostWords || isSentence) return []
      return [{ start: start + trimmed.start, end: start + trimmed.end, kind, score, sentence: number }]
    }),
  )
}

/** In turns of the sentences, each giving its best that is left. */
function spread(text: string, found: readonly Found[], most: number): Found[] {
  const queues = [...Map.groupBy(found, ({ sentence }) => sentence).values()].map((list) =>
    list.toSorted((a, b) => b.score - a.score || b.end - b.start - (a.end - a.start) || a.start - b.start),
  )
  const chosen: Found[] = []
  const known = new Set<string>()
  for (let turn = 0; chosen.length < most && queues.some((queue) => queue.length > 0); turn++)
    for (const queue of turn % 2 === 0 ? queues : queues.toReversed()) {
      const next = firstNew(text, queue, { chosen, known })
      if (!next) continue
      chosen.push(next)
      if (chosen.length >= most) break
    }
  return chosen
}

/** Takes from a queue up to the first one that stands apart from what was chosen. */
function firstNew(
  text: string,
  queue: Found[],
  { chosen, known }: { readonly chosen: readonly Found[]; readonly known: Set<string> },
): Found | null {
  for (let next = queue.shift(); next; next = queue.shift()) {
    const { start, end } = next
    const words = normalizeAnswer(text.slice(start, end))
    if (words === '' || known.has(words)) continue
    if (chosen.some((other) => other.start < end && start < other.end)) continue
    known.add(words)
    return next
  }
  return null
}

/** Without white space, punctuation and a bracket that lost its other half at the ends. */
function trim(text: string, { start, end }: Span): Span {
  let [from, to] = [start, end]
  while (from < to && /[\s,;:.!?"“”„«»'‘’)\]–—-]/.test(text.charAt(from))) from++
  while (to > from && /[\s,;:.!?"“”„«»'‘’([–—-]/.test(text.charAt(to - 1))) to--
  const inside = text.slice(from, to)
  if (/[)\]]$/.test(inside) && !/[([]/.test(inside)) to--
  if (/^[([]/.test(inside) && !/[)\]]/.test(inside)) from++
  return { start: from, end: Math.max(from, to) }
}

function wordCount(text: string): number {
  return text.match(/[\p{L}\p{N}][^\s]*/gu)?.length ?? 0
}

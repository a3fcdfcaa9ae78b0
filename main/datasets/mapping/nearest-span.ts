import { codePointIndex } from '../../../trainer/data/code-points.ts'
import { comparableText } from './comparable-text.ts'
import type { ComparableText } from './comparable-text.ts'
import { editDistance, nearestStretch } from './edit-distance.ts'

/** What a context has in the place of an answer that does not occur in it. */
export interface NearestSpan {
  /** As the context writes it. */
  readonly text: string
  /** Unicode code points from the context's start. */
  readonly start: number
  /** Levenshtein distance of the two in their comparable form. */
  readonly distance: number
  /** 1 minus the distance by the length of the longer one. */
  readonly similarity: number
}

const leastSimilarity = 0.6
const longestAnswer = 2000
// Cells of the dynamic programming that are filled without looking for promising places first.
const cheapCells = 4_000_000
const places = 8
// Of these so many are brought to whole words and compared exactly.
const refined = 2

/**
 * Proposes a span for an answer that does not occur in its context as it is written: the stretch of whole words
 * nearest to it when case, white space, quotes, dashes and Unicode composition are left aside. Long contexts are
 * searched where they share most three-letter groups with the answer, so that the time stays bounded.
 *
 * @returns null where nothing is similar enough (0.6), or the answer is longer than 2000 characters.
 * @example nearestSpan('the NOTES', 'Ada wrote “The Notes”.') // { text: 'The Notes', start: 11, distance: 0, similarity: 1 }
 */
export function nearestSpan(answer: string, context: string): NearestSpan | null {
  const wanted = comparableText(answer).text.trim()
  const pattern = wanted.replace(/^[\s"'.,;:!?()[\]]+|[\s"'.,;:!?()[\]]+$/gu, '') || wanted
  if (pattern === '' || answer.length > longestAnswer) return null
  const comparable = comparableText(context)
  const { text } = comparable

  const exact = text.indexOf(pattern)
  if (exact !== -1 && isWholeWords(text, exact, exact + pattern.length))
    return spanOf({ start: exact, end: exact + pattern.length }, pattern, comparable, context)
  const regions =
    pattern.length * text.length <= cheapCells ? [{ start: 0, end: text.length }] : promising(pattern, text)
  const stretches = regions
    .map(({ start, end }) => {
      const near = nearestStretch(pattern, text.slice(start, end))
      return { start: start + near.start, end: start + near.end, distance: near.distance }
    })
    .filter(({ start, end }) => end > start)
    .sort((a, b) => a.distance - b.distance)
  const spans = stretches
    .slice(0, refined)
    .map(({ start, end }) => bestEnds(pattern, text, wholeWords(text, start, end)))
    .map((range) => spanOf(range, pattern, comparable, context))
  const [best] = spans.sort((a, b) => b.similarity - a.similarity)
  return best && best.similarity >= leastSimilarity ? best : null
}

interface Range {
  readonly start: number
  readonly end: number
}

function spanOf(
  { start, end }: Range,
  pattern: string,
  comparable: ComparableText,
  context: string,
): NearestSpan {
  const compared = comparable.text.slice(start, end)
  const distance = editDistance(pattern, compared)
  const from = comparable.starts[start] ?? 0
  return {
    text: context.slice(from, comparable.starts[end] ?? context.length),
    start: codePointIndex(context).toCodePoints(from),
    distance,
    similarity: 1 - distance / Math.max(pattern.length, compared.length),
  }
}

/** Stretches of a long text in which to look: those that share most groups of three units with the pattern. */
function promising(pattern: string, text: string): Range[] {
  const size = Math.min(3, pattern.length)
  const wanted = new Map<string, number>()
  for (let i = 0; i + size <= pattern.length; i++) {
    const group = pattern.slice(i, i + size)
    wanted.set(group, (wanted.get(group) ?? 0) + 1)
  }
  const block = Math.max(16, pattern.length >> 1)
  const shared: number[] = []
  for (let start = 0; start < text.length; start += block) {
    const left = new Map(wanted)
    let count = 0
    const end = Math.min(text.length, start + 2 * block + size)
    for (let i = start; i + size <= end; i++) {
      const group = text.slice(i, i + size)
      const open = left.get(group) ?? 0
      if (open === 0) continue
      left.set(group, open - 1)
      count++
    }
    shared.push(count)
  }
  return shared
    .map((count, i) => ({ count, start: i * block }))
    .sort((a, b) => b.count - a.count || a.start - b.start)
    .slice(0, places)
    .map(({ start }) => ({
      start: Math.max(0, start - pattern.length),
      end: Math.min(text.length, start + 2 * block + pattern.length),
    }))
}

// Scripts without spaces between words have no word borders to keep.
const wordUnit =
  /^(?![\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}])[\p{L}\p{N}\p{M}_]/u

function isWordAt(text: string, at: number): boolean {
  return wordUnit.test(text.charAt(at)) || /[\ud800-\udfff]/.test(text.charAt(at))
}

function isWholeWords(text: string, start: number, end: number): boolean {
  const cutsStart = start > 0 && isWordAt(text, start - 1) && isWordAt(text, start)
  return !cutsStart && !(end < text.length && isWordAt(text, end - 1) && isWordAt(text, end))
}

const longestWord = 64

/** The stretch with the words that it cuts, without white space at its ends. */
function wholeWords(text: string, start: number, end: number): Range {
  while (start < end && text.charAt(start) === ' ') start++
  while (end > start && text.charAt(end - 1) === ' ') end--
  let from = start
  let to = end
  while (from > 0 && isWordAt(text, from) && isWordAt(text, from - 1) && start - from < longestWord) from--
  while (to < text.length && isWordAt(text, to - 1) && isWordAt(text, to) && to - end < longestWord) to++
  return { start: from, end: to }
}

/** Leaves out the first or last word or mark where that brings the stretch nearer to the pattern. */
function bestEnds(pattern: string, text: string, range: Range): Range {
  const { start, end } = range
  const whole = text.slice(start, end)
  const head = /^(?:[\p{L}\p{N}\p{M}_]+|[^\p{L}\p{N}\p{M}_\s])\s*/u.exec(whole)?.[0].length ?? 0
  const tail = /\s*(?:[\p{L}\p{N}\p{M}_]+|[^\p{L}\p{N}\p{M}_\s])$/u.exec(whole)?.[0].length ?? 0
  const choices = [
    range,
    { start: start + head, end },
    { start, end: end - tail },
    { start: start + head, end: end - tail },
  ]
  const similarity = (one: Range) => {
    const compared = text.slice(one.start, one.end)
    return one.end <= one.start
      ? -1
      : 1 - editDistance(pattern, compared) / Math.max(pattern.length, compared.length)
  }
  return choices
    .map((choice) => ({ choice, value: similarity(choice) }))
    .reduce((best, one) => (one.value > best.value ? one : best)).choice
}

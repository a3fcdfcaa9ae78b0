import { placesAround, placesOf } from './find-text.ts'

/** Where a text stands in another, by UTF-16 offsets. */
export interface Occurrences {
  /** The first one that cuts no word; the first at all where each does. */
  readonly first: number
  /** How many there are, of those that cut no word where there are any; counted up to 100. */
  readonly count: number
}

export const mostCounted = 100
// Places inside words are passed over up to here, so that a short text in a long one costs no more than a look.
const mostLookedAt = 10_000

// Files repeat answers over one context, hostile ones a hundred thousand times: each is looked for once.
const mostKept = 1_000
let lastContext = ''
const found = new Map<string, Occurrences | null>()

/** The occurrences of a text; null where there is none. */
export function findOccurrences(text: string, context: string): Occurrences | null {
  if (context !== lastContext || found.size >= mostKept) {
    found.clear()
    lastContext = context
  }
  const known = found.get(text)
  if (known !== undefined) return known
  const occurrences = lookFor(text, context)
  found.set(text, occurrences)
  return occurrences
}

function lookFor(text: string, context: string): Occurrences | null {
  let first = -1
  let whole = -1
  let wholeCount = 0
  let count = 0
  let next = 0
  for (const here of placesOf(text, context)) {
    if (here < next) continue
    next = here + Math.max(1, text.length)
    if (count++ === 0) first = here
    if (!cutsWord(context, here, here + text.length)) {
      if (wholeCount++ === 0) whole = here
    }
    if (count === mostLookedAt || wholeCount === mostCounted) break
  }
  if (count === 0) return null
  return wholeCount > 0 ? { first: whole, count: wholeCount } : { first, count: Math.min(count, mostCounted) }
}

/** The occurrence nearest to an offset, the earlier one of two; null where there is none. */
export function nearestOccurrence(text: string, context: string, offset: number): number | null {
  const from = Math.max(0, Math.min(Math.floor(offset), context.length))
  const { before, after } = placesAround(text, context, from)
  if (before === -1 && after === -1) return null
  if (before === -1) return after
  if (after === -1) return before
  return offset - before <= after - offset ? before : after
}

const letter = /[\p{L}\p{N}]/u

function cutsWord(context: string, start: number, end: number): boolean {
  return (
    (start > 0 && letter.test(context.charAt(start - 1)) && letter.test(context.charAt(start))) ||
    (end < context.length && letter.test(context.charAt(end - 1)) && letter.test(context.charAt(end)))
  )
}

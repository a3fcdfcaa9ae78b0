import type { TextTokenizer } from './tokenizer.ts'

/** A stretch of a context at whose ends it may be cut. */
export interface Piece {
  /** UTF-16 offsets; `start` includes the white space before the word. */
  readonly start: number
  readonly end: number
  /** Tokens of the piece encoded by itself. */
  readonly tokens: number
}

const longestUncut = 64
const cacheLimit = 200_000
const caches = new WeakMap<TextTokenizer, Map<string, number>>()

/** Tokens of a text encoded by itself without special tokens; remembered, as words repeat. */
export function countTokens(tokenizer: TextTokenizer, text: string): number {
  let cache = caches.get(tokenizer)
  if (!cache || cache.size > cacheLimit) caches.set(tokenizer, (cache = new Map()))
  const known = cache.get(text)
  if (known !== undefined) return known
  const count = tokenizer.encode(text, { addSpecialTokens: false }).length
  cache.set(text, count)
  return count
}

/**
 * Divides a text into words, each with the white space before it (the last one also with that after it), and
 * what is longer than `maxTokens` further, down to single code points: scripts without spaces are cut inside.
 * The pieces cover every character.
 */
export function divideIntoPieces(tokenizer: TextTokenizer, text: string, maxTokens: number): Piece[] {
  const pieces: Piece[] = []
  const add = (start: number, end: number) => {
    const tokens = end - start > longestUncut ? Infinity : countTokens(tokenizer, text.slice(start, end))
    const middle = tokens > maxTokens ? cutPoint(text, start, end) : start
    if (middle > start && middle < end) {
      add(start, middle)
      add(middle, end)
    } else pieces.push({ start, end, tokens })
  }
  const word = /\s*\S+(?:\s+$)?/g
  for (let found = word.exec(text); found; found = word.exec(text)) add(found.index, word.lastIndex)
  return pieces
}

/** The code point border nearest to the middle; `end` or `start` where there is none between. */
function cutPoint(text: string, start: number, end: number): number {
  const middle = (start + end) >>> 1
  const inside = middle > start && (text.codePointAt(middle - 1) ?? 0) > 0xffff
  return inside ? middle + 1 : middle
}

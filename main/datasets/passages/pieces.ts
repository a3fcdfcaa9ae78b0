import type { Block } from './blocks.ts'
import type { CountTokens } from './count-tokens.ts'
import { sentencesOf } from './sentences.ts'

/** A block, or a stretch of a long one, with its size. */
export interface Piece extends Block {
  readonly tokens: number
}

// No piece is longer, whatever it is made of: what has no spaces is cut within its words.
const mostCharacters = 8_000

/** A block as it is, or one with more than `most` tokens as pieces of like size that end where sentences end. */
export function divideBlock(block: Block, most: number, countTokens: CountTokens): Piece[] {
  const total = countTokens(block.text)
  if (total <= most && block.text.length <= mostCharacters) return [{ ...block, tokens: total }]
  const wanted = total / Math.ceil(total / most)
  const pieces: Piece[] = []
  let start = 0
  let end = 0
  let count = 0
  const push = () => {
    const piece = sliceOf(block, start, end)
    // Counted anew: pieces of a sentence may come to other tokens than they did in it.
    if (piece.text !== '')
      pieces.push({
        ...piece,
        tokens: countTokens(piece.text),
        isTight: block.isTight && pieces.length === 0,
      })
    start = end
    count = 0
  }
  for (const { text, tokens } of unitsOf(block.text, most, countTokens)) {
    if (count > 0 && (count + tokens > most || count + tokens / 2 > wanted)) push()
    if (end - start + text.length > mostCharacters) push()
    end += text.length
    count += tokens
  }
  push()
  return pieces
}

interface Unit {
  readonly text: string
  readonly tokens: number
}

/** Sentences; those that are too long as runs of words, scripts without spaces of characters. */
function* unitsOf(text: string, most: number, countTokens: CountTokens): Generator<Unit> {
  for (const sentence of sentencesOf(text)) {
    const tokens = countTokens(sentence)
    if (tokens <= most && sentence.length <= mostCharacters) {
      yield { text: sentence, tokens }
      continue
    }
    let run = ''
    let count = 0
    for (const word of wordsOf(sentence)) {
      const more = countTokens(word)
      if (run !== '' && count + more > most) {
        yield { text: run, tokens: count }
        run = ''
        count = 0
      }
      run += word
      count += more
    }
    if (run !== '') yield { text: run, tokens: count }
  }
}

function* wordsOf(sentence: string): Generator<string> {
  const unit = /\s*[^\s\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]+\s*|\s*\S\s*|\s+/gu
  for (const [word] of sentence.matchAll(unit))
    for (let at = 0; at < word.length;) {
      const isHalf = /[\ud800-\udbff]/.test(word.charAt(at + mostCharacters - 1))
      const end = at + mostCharacters - (isHalf ? 1 : 0)
      yield word.slice(at, end)
      at = end
    }
}

/** A stretch of a block without the white space around it, with the lines or pages that it takes up. */
function sliceOf(block: Block, from: number, to: number): Block {
  const raw = block.text.slice(from, to)
  const text = raw.trim()
  const { starts } = block
  if (!starts || text === '') return { ...block, text }
  const begin = from + raw.length - raw.trimStart().length
  const end = begin + text.length
  const before = (offset: number) => starts.filter((start) => start <= offset).length - 1
  const skipped = Math.max(0, before(begin))
  return {
    ...block,
    text,
    first: block.first + skipped,
    last: block.first + Math.max(skipped, before(end - 1)),
    page: pageAt(block, skipped),
    starts: starts.slice(skipped).map((start) => Math.max(0, start - begin)),
  }
}

/** Where the places are pages, a stretch begins on the page that its place says. */
function pageAt({ page, first }: Block, skipped: number): number | null {
  return page === undefined || page === null ? null : page === first ? page + skipped : page
}

/** The last sentences of pieces, up to so many tokens, as pieces of their own. */
export function lastSentences(pieces: readonly Piece[], most: number, countTokens: CountTokens): Piece[] {
  const taken: Piece[] = []
  let left = most
  for (const piece of pieces.toReversed()) {
    const sentences = sentencesOf(piece.text)
    let start = piece.text.length
    while (sentences.length > 0) {
      const sentence = sentences.at(-1) ?? ''
      const tokens = countTokens(sentence)
      if (tokens > left) break
      left -= tokens
      start -= sentence.length
      sentences.pop()
    }
    if (start < piece.text.length) {
      const tail = sliceOf(piece, start, piece.text.length)
      taken.unshift({ ...tail, tokens: countTokens(tail.text), isTight: start === 0 && piece.isTight })
    }
    if (sentences.length > 0) break
  }
  return taken
}

/** Whether two paths of headings are the same. */
export function isSamePath(a: readonly string[], b: readonly string[]): boolean {
  return a === b || (a.length === b.length && a.every((text, i) => text === b[i]))
}

/** The headings that two paths have in common, from the outermost on. */
export function commonPath(a: readonly string[], b: readonly string[]): readonly string[] {
  const end = a.findIndex((text, i) => text !== b[i])
  return end === -1 ? a : a.slice(0, end)
}

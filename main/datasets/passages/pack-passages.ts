import type { PassageText } from '../../contract/datasets.ts'
import type { Block } from './blocks.ts'
import { sentencesOf } from './sentences.ts'

export interface PackOptions {
  /** Words that a passage should have; 180 by default. Short paragraphs are joined, long ones are split. */
  readonly targetWords?: number | undefined
  /** Words of the passage before that are repeated, in whole sentences; 0 by default. */
  readonly overlap?: number | undefined
}

interface Piece extends Block {
  readonly words: number
}

// No passage is longer, whatever it is made of: what has no spaces is cut within its words.
const mostCharacters = 8_000
// A passage may be so much longer than wanted before it is divided.
const slack = 1.35

/** Joins the blocks of a document to passages of about the wanted size; each stays under one heading. */
export function packPassages(
  title: string,
  blocks: readonly Block[],
  { targetWords = 180, overlap = 0 }: PackOptions = {},
): PassageText[] {
  const passages: PassageText[] = []
  let open: Piece[] = []
  const close = () => {
    const first = open[0]
    if (!first) return
    const before = passages.at(-1)
    const isContinued = before !== undefined && before.heading === first.heading
    const repeated = isContinued && overlap > 0 ? lastSentences(before.text, overlap) : ''
    const last = open.reduce((line, piece) => Math.max(line, piece.last), first.last)
    passages.push({
      title,
      heading: first.heading,
      page: null,
      place: placeOf(first.first, last),
      text: repeated + joined(open),
    })
    open = []
  }
  for (const piece of blocks.flatMap((block) => divided(block, targetWords).flatMap(cut))) {
    const words = open.reduce((sum, one) => sum + one.words, 0)
    const fits = words + piece.words <= targetWords * slack && words < targetWords
    if (open.length > 0 && (!fits || open[0]?.heading !== piece.heading)) close()
    open.push(piece)
  }
  close()
  return passages
}

function joined(pieces: readonly Piece[]): string {
  return pieces
    .map(({ text, isTight }, i) => (i === 0 ? '' : isTight ? '\n' : '\n\n') + text)
    .join('')
    .toWellFormed()
}

/** A block as it is, or a long one as pieces of like size that end where sentences end. */
function divided(block: Block, targetWords: number): Piece[] {
  const words = wordCount(block.text)
  if (words <= targetWords * slack) return [{ ...block, words }]
  const size = words / Math.ceil(words / targetWords)
  const units = sentencesOf(block.text).flatMap((sentence) =>
    wordRuns(sentence, Math.ceil(targetWords * slack)),
  )
  const pieces: Piece[] = []
  let text = ''
  let count = 0
  for (const unit of units) {
    const more = wordCount(unit)
    if (text !== '' && count + more / 2 > size) {
      pieces.push({
        ...block,
        text: text.trim(),
        words: count,
        isTight: block.isTight && pieces.length === 0,
      })
      text = ''
      count = 0
    }
    text += unit
    count += more
  }
  if (text.trim() !== '') pieces.push({ ...block, text: text.trim(), words: count, isTight: false })
  return pieces
}

function cut(piece: Piece): Piece[] {
  if (piece.text.length <= mostCharacters) return [piece]
  const pieces: Piece[] = []
  for (let at = 0; at < piece.text.length; at += mostCharacters) {
    const text = piece.text.slice(at, at + mostCharacters)
    pieces.push({ ...piece, text, words: Math.max(wordCount(text), mostWords(text)), isTight: at > 0 })
  }
  return pieces
}

/** What has no spaces fills a passage by its length alone. */
function mostWords(text: string): number {
  return Math.ceil(text.length / 20)
}

/** A sentence that is longer than a passage may be, cut between words; scripts without spaces between characters. */
function wordRuns(sentence: string, most: number): string[] {
  if (wordCount(sentence) <= most) return [sentence]
  const units = sentence.match(
    /\s*[^\s\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]+\s*|\s*\S\s*/gu,
  ) ?? [sentence]
  const runs: string[] = []
  for (let i = 0; i < units.length; i += most) runs.push(units.slice(i, i + most).join(''))
  return runs
}

/** Words; where a script has no spaces each character counts as one. */
function wordCount(text: string): number {
  return text.match(/[^\s\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]+|\S/gu)?.length ?? 0
}

function lastSentences(text: string, words: number): string {
  const taken: string[] = []
  let count = 0
  for (const sentence of sentencesOf(text).reverse()) {
    count += wordCount(sentence)
    if (count > words) break
    taken.unshift(sentence)
  }
  return taken.length === 0 ? '' : `${taken.join('').trim()} `
}

function placeOf(first: number, last: number): string {
  return first === last ? `line ${first}` : `lines ${first}–${last}`
}

import type { PassageText } from '../../contract/imports.ts'
import type { Block, DocumentPart } from './blocks.ts'
import { estimateTokens } from './count-tokens.ts'
import type { CountTokens } from './count-tokens.ts'
import { commonPath, divideBlock, isSamePath, lastSentences } from './pieces.ts'
import type { Piece } from './pieces.ts'

/** About 180 words of English: a paragraph or two, and two to a window of 512 tokens. */
export const defaultChunking = Object.freeze({ tokens: 256, overlap: 0 })

export interface PackOptions {
  /** Tokens that a passage may have; 256 by default. Short paragraphs are joined, long ones are divided. */
  readonly tokens?: number | undefined
  /** Tokens of the passage before that are repeated, in whole sentences; 0 by default, at most half of `tokens`. */
  readonly overlap?: number | undefined
  /** Tokens of a text; estimated from its words where it is left out. */
  readonly countTokens?: CountTokens | undefined
}

/** Takes the blocks of a part one after the other and gives passages as they become full. */
export interface PassagePacker {
  add(block: Block): PassageText[]
  end(): PassageText[]
}

// Sections under a heading of the third level or deeper share a passage while it is no fuller than this.
const sharedUpTo = 0.5
const sectionDepth = 2

/**
 * Joins blocks to passages of at most `tokens` tokens, and divides longer ones where sentences end. No passage
 * goes across one of the two outermost headings; small sections below them share one, each under its heading. A
 * passage is longer only where a single piece without spaces is.
 */
export function passagePacker(
  { title, unit, place }: { readonly title: string } & Pick<DocumentPart, 'unit' | 'place'>,
  { tokens = defaultChunking.tokens, overlap = 0, countTokens = estimateTokens }: PackOptions = {},
): PassagePacker {
  const most = Math.max(1, tokens)
  const repeated = Math.min(overlap, Math.floor(most / 2))
  const breakTokens = Math.max(0, countTokens('a\n\nb') - 2 * countTokens('a'))
  let open: Piece[] = []
  let filled = 0
  let fresh = 0

  const cost = (piece: Piece): number => {
    const before = open.at(-1)
    if (!before) return piece.tokens
    if (isSamePath(before.heading, piece.heading)) return piece.tokens + breakTokens
    const isFirstChange = open.every(({ heading }) => isSamePath(heading, piece.heading) === false)
    const names = [piece.heading, ...(isFirstChange ? [before.heading] : [])]
    return (
      piece.tokens + names.reduce((sum, path) => sum + countTokens(path.join(' ')) + breakTokens, breakTokens)
    )
  }
  const close = (): PassageText[] => {
    const [first] = open
    if (!first || fresh === 0) return []
    const heading = open.reduce<readonly string[]>(
      (path, piece) => commonPath(path, piece.heading),
      first.heading,
    )
    const text = joined(open, heading.length)
    const last = open.reduce((line, piece) => Math.max(line, piece.last), first.last)
    const passage = {
      title,
      heading,
      page: first.page ?? null,
      place: placeOf(unit, place, first.first, last),
      text,
    }
    open = []
    filled = 0
    fresh = 0
    return [passage]
  }

  return {
    add: (block) => {
      const passages: PassageText[] = []
      for (const piece of divideBlock(block, most - repeated, countTokens)) {
        const before = open.at(-1)
        if (before && !mayShare(before.heading, piece.heading, filled <= most * sharedUpTo)) {
          passages.push(...close())
          open = []
          filled = 0
        } else if (before && fresh > 0 && filled + cost(piece) > most) {
          const tail = repeated > 0 ? lastSentences(open, repeated, countTokens) : []
          passages.push(...close())
          open = tail.filter(({ heading }) => isSamePath(heading, piece.heading))
          filled = open.reduce((sum, one) => sum + one.tokens + breakTokens, 0)
        }
        filled += cost(piece)
        open.push(piece)
        fresh++
      }
      return passages
    },
    end: close,
  }
}

/** Packs the blocks of a document, or of a text of a row, at once. Their places are lines. */
export function packPassages(
  title: string,
  blocks: Iterable<Block>,
  options: PackOptions = {},
): PassageText[] {
  const packer = passagePacker({ title, unit: 'line', place: null }, options)
  const passages: PassageText[] = []
  for (const block of blocks) passages.push(...packer.add(block))
  return [...passages, ...packer.end()]
}

function mayShare(before: readonly string[], next: readonly string[], hasRoom: boolean): boolean {
  if (isSamePath(before, next)) return true
  const shared = commonPath(before, next).length
  return hasRoom && shared >= Math.min(sectionDepth, before.length) && shared >= sectionDepth
}

/** The pieces' texts; where a section within the passage begins, its headings below the shared ones. */
function joined(pieces: readonly Piece[], shared: number): string {
  let text = ''
  let path: readonly string[] | null = null
  for (const { heading, isTight, text: own } of pieces) {
    const isNew = path === null ? heading.length > shared : !isSamePath(path, heading)
    const names = isNew ? heading.slice(shared).join('\n') : ''
    text += text === '' ? '' : isTight && !isNew ? '\n' : '\n\n'
    text += names === '' ? own : `${names}\n\n${own}`
    path = heading
  }
  return text.toWellFormed()
}

function placeOf(unit: DocumentPart['unit'], place: string | null, first: number, last: number): string {
  if (unit === null) return place ?? ''
  const own = first === last ? `${unit} ${first}` : `${unit}s ${first}–${last}`
  return place === null ? own : `${place}, ${own}`
}

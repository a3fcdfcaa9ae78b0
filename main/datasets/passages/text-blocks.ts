import type { Block, DocumentBlocks } from './blocks.ts'
import { headingPath } from './blocks.ts'
import { hyphenation } from './hyphenation.ts'
import type { Hyphenation } from './hyphenation.ts'
import { isChapterTitle, textHeading } from './text-headings.ts'
import type { TextHeading } from './text-headings.ts'

// A line that is broken at the margin is about as long as this; shorter ones were ended on purpose.
const wrappedLength = 45
// A paragraph of more lines or characters is given in several blocks, so that none grows without end.
const mostLines = 2_000
const mostCharacters = 100_000

/** Takes a text line by line and gives its paragraphs as they are complete. */
export interface TextBlockReader {
  add(line: string): Block[]
  end(): Block[]
}

interface Paragraph {
  readonly lines: readonly string[]
  readonly first: number
  readonly page: number | null
}

/**
 * The paragraphs of plain text: what stands between empty lines. Lines broken at a margin are joined. Underlined
 * lines, `CHAPTER IV` and numbers such as `2.1 Scope` are headings; a form feed begins a new page.
 * `hasPages` says that there will be some, so that the first page has its number too.
 */
export function textBlockReader({ hasPages = false }: { readonly hasPages?: boolean } = {}): TextBlockReader {
  const path = headingPath()
  const words = hyphenation({ isBroken: false })
  let untitled: TextHeading | null = null
  let lines: string[] = []
  let characters = 0
  let number = 0
  let page: number | null = hasPages ? 1 : null
  let startPage: number | null = null
  /** A heading if what follows is no entry of the same list. */
  let isInList = false
  let candidate: { paragraph: Paragraph; heading: TextHeading } | null = null

  const close = (): Block[] => {
    if (lines.length === 0) return []
    const paragraph = { lines, first: number - lines.length + 1, page: startPage }
    lines = []
    characters = 0
    return take(paragraph)
  }
  const take = (paragraph: Paragraph): Block[] => {
    const found = textHeading(paragraph.lines)
    const blocks = settle(found)
    const chapter = untitled
    untitled = null
    if (chapter && !found && isChapterTitle(paragraph.lines)) {
      path.enter(chapter.level, `${chapter.text} ${paragraph.lines.join(' ').trim()}`)
      return blocks
    }
    if (found?.isDoubtful && found.rest.length === 0) candidate = { paragraph, heading: found }
    else if (found && !found.isDoubtful) {
      path.enter(found.level, found.text)
      if (found.isUntitled) untitled = found
      const taken = paragraph.lines.length - found.rest.length
      if (found.rest.length > 0)
        blocks.push(blockOf({ ...paragraph, lines: found.rest, first: paragraph.first + taken }))
    } else blocks.push(blockOf(paragraph))
    return blocks
  }
  const settle = (next: TextHeading | null): Block[] => {
    if (!candidate) return []
    const { paragraph, heading } = candidate
    candidate = null
    const wasInList = isInList
    isInList = next?.isDoubtful ?? false
    if (isInList || wasInList) return [blockOf(paragraph)]
    path.enter(heading.level, heading.text)
    return []
  }
  const blockOf = ({ lines: own, first, page: at }: Paragraph): Block => ({
    heading: path.current(),
    ...joinLines(own, words),
    first,
    last: first + own.length - 1,
    isTight: false,
    page: at,
  })

  return {
    add: (line) => {
      const blocks: Block[] = []
      const [shown, feeds] = withoutFormFeeds(line)
      if (feeds > 0) {
        // A sentence that goes on over the page keeps together.
        const goesOn = /[\p{L},;-]\s*$/u.test(lines.at(-1) ?? '') && /^\s*\p{Ll}/u.test(shown)
        if (!goesOn) blocks.push(...close())
        page = (page ?? 1) + feeds
      }
      if (shown.trim() === '') blocks.push(...close())
      number++
      if (shown.trim() === '') return blocks
      if (lines.length === 0) startPage = page
      lines.push(shown)
      words.learn(shown)
      characters += shown.length
      if (lines.length >= mostLines || characters >= mostCharacters) blocks.push(...close())
      return blocks
    },
    end: () => {
      const blocks = close()
      if (!candidate) return blocks
      const { paragraph } = candidate
      candidate = null
      return [...blocks, blockOf(paragraph)]
    },
  }
}

/** The paragraphs of a whole text; see `textBlockReader`. */
export function textBlocks(text: string): DocumentBlocks {
  const reader = textBlockReader({ hasPages: text.includes('\f') })
  const blocks = text.split(/\r\n|\r|\n/).flatMap((line) => reader.add(line))
  return { title: null, blocks: [...blocks, ...reader.end()] }
}

function withoutFormFeeds(line: string): [string, number] {
  if (!line.includes('\f')) return [line, 0]
  const parts = line.split('\f')
  return [parts.join(' '), parts.length - 1]
}

function joinLines(lines: readonly string[], words: Hyphenation): Pick<Block, 'text' | 'starts'> {
  let text = ''
  let before = ''
  const starts: number[] = []
  for (const line of lines) {
    const isOwn = /^\s*(?:[-*•–]|\d{1,3}[.)])\s/.test(line) || before.trim().length < wrappedLength
    const own = line.trim().replaceAll(/[ \t\u00a0]+/g, ' ')
    if (text !== '') text = isOwn ? `${text}\n` : words.join(text, own).text
    starts.push(text.length)
    text += own
    before = line
  }
  return { text, starts }
}

import type { Block, DocumentBlocks, HeadingPath } from './blocks.ts'
import { headingPath } from './blocks.ts'
import { walkHtml } from './html-tokens.ts'
import type { HtmlTokenOptions } from './html-tokens.ts'

export interface HtmlOptions extends HtmlTokenOptions {
  /**
   * Whether it is a page with navigation, header, footer and asides around its text, which are left out; true by
   * default.
   */
  readonly isPage?: boolean
  /** Of a document that comes in stretches, the headings that are open. */
  readonly headings?: HeadingPath
}

/** Elements that are left out with all that is in them. */
const neverShown =
  'script style noscript template svg math iframe object select button textarea dialog canvas'
const aroundText = 'nav footer aside'
/** Of these, what may stand within a line. */
const inlineSkips = new Set(['script', 'svg', 'math', 'button', 'select', 'canvas'])
const inline = new Set(
  'a abbr acronym b bdi bdo big cite code data del dfn em font i ins kbd label mark q rp rt ruby s samp small span strike strong sub sup time tt u var wbr img input'.split(
    ' ',
  ),
)
const headings = /^h([1-6])$/
const lists = new Set(['ul', 'ol', 'menu'])

/**
 * The text of HTML: headings, paragraphs, list entries, rows of tables as `a | b | c` and preformatted text, with
 * their lines. A page's navigation and what else stands around its text is left out, headings in a header are not.
 */
export function htmlBlocks(html: string, options: HtmlOptions = {}): DocumentBlocks {
  const { isPage = true } = options
  const found = takeApart(html, options, isPage)
  // A page that is navigation from end to end, as its marks have it, is read as a whole.
  return found.blocks.length === 0 && isPage ? takeApart(html, options, false) : found
}

interface Cell {
  readonly text: string
  readonly start: number
  readonly heading: readonly string[]
}

function takeApart(html: string, options: HtmlOptions, isPage: boolean): DocumentBlocks {
  const skipped = new Set(`${neverShown}${isPage ? ` ${aroundText}` : ''}`.split(' '))
  const path = options.headings ?? headingPath()
  const blocks: Block[] = []
  const lineAt = lineNumbers(html)
  const openLists: { isOrdered: boolean; entries: number }[] = []
  let title = ''
  let firstHeading: string | null = null
  let text = ''
  let start = 0
  let marker = ''
  let isTight = false
  let row: Cell[][] | null = null
  let rows = 0
  let skipping: { name: string; depth: number } | null = null
  let level = 0
  let preDepth = 0
  let headerDepth = 0
  let isInTitle = false

  const push = (cell: Cell, at: number, tight: boolean) =>
    blocks.push({
      heading: cell.heading,
      text: cell.text,
      first: lineAt(cell.start),
      last: lineAt(at),
      isTight: tight && blocks.length > 0,
    })
  const flush = (at: number) => {
    const taken = tidy(text)
    text = ''
    if (taken === '') return
    const cell = { text: taken, start, heading: path.current() }
    if (level > 0) {
      path.enter(level, taken.replaceAll('\n', ' '))
      firstHeading ??= taken.replaceAll('\n', ' ')
      level = 0
    } else if (row) {
      if (row.length === 0) row.push([])
      row.at(-1)?.push(cell)
    } else if (headerDepth === 0) push({ ...cell, text: marker + taken }, at, isTight)
    marker = ''
    isTight = false
  }
  const endRow = (at: number) => {
    const cells = row?.filter((pieces) => pieces.length > 0) ?? []
    row = null
    const [first] = cells
    if (!first?.[0] || headerDepth > 0) return
    // A row of one cell lays out a page: what is in it stays as it is.
    if (cells.length === 1) for (const piece of first) push(piece, at, false)
    else {
      const shown = cells.map((pieces) => pieces.map((piece) => piece.text.replaceAll('\n', ' ')).join(' '))
      push({ ...first[0], text: shown.join(' | ') }, at, rows > 0)
      rows++
    }
  }
  const openList = (name: string) => openLists.push({ isOrdered: name === 'ol', entries: 0 })
  const openEntry = () => {
    const list = openLists.at(-1)
    if (list) list.entries++
    marker = list?.isOrdered ? `${list.entries}. ` : '- '
    isTight = true
  }
  const changeBlock = (name: string, isOpen: boolean, at: number) => {
    flush(at)
    const heading = headings.exec(name)
    const step = isOpen ? 1 : -1
    if (heading) level = isOpen ? Number(heading[1]) : 0
    else if (name === 'pre') preDepth = Math.max(0, preDepth + step)
    else if (name === 'header' && isPage) headerDepth = Math.max(0, headerDepth + step)
    else if (lists.has(name)) void (isOpen ? openList(name) : openLists.pop())
    else if (name === 'li' && isOpen) openEntry()
    else if (name === 'li') marker = ''
    else if (name === 'dd') isTight = isOpen
    else if (name === 'table' || name === 'tr') {
      endRow(at)
      if (name === 'table') rows = 0
      else if (isOpen) row = []
    } else if ((name === 'td' || name === 'th') && isOpen) row?.push([])
  }

  walkHtml(
    html,
    {
      text: (piece, at) => {
        if (isInTitle) title += piece
        else if (!skipping && (text !== '' || piece.trim() !== '')) {
          if (text === '') start = at + (piece.length - piece.trimStart().length)
          text += preDepth > 0 ? preserved(piece) : piece.replaceAll(/\s+/g, ' ')
        }
      },
      open: (name, at) => {
        if (skipping) skipping.depth += name === skipping.name ? 1 : 0
        else if (skipped.has(name)) {
          if (!inlineSkips.has(name)) flush(at)
          skipping = { name, depth: 1 }
        } else if (name === 'title') isInTitle = true
        else if (name === 'br') text += lineBreak
        else if (!inline.has(name)) changeBlock(name, true, at)
      },
      close: (name, at) => {
        if (skipping) {
          skipping.depth -= name === skipping.name ? 1 : 0
          if (skipping.depth === 0) skipping = null
        } else if (name === 'title') isInTitle = false
        else if (name !== 'br' && !inline.has(name) && !skipped.has(name)) changeBlock(name, false, at)
      },
    },
    options,
  )
  flush(html.length)
  endRow(html.length)
  return { title: tidy(title).replaceAll('\n', ' ') || firstHeading, blocks }
}

// Stand in for a line break and a space of preformatted text until white space was collapsed.
const lineBreak = '\ue000'
const hardSpace = '\ue001'

function preserved(text: string): string {
  return text.replaceAll(/\r\n?|\n/g, lineBreak).replaceAll(' ', hardSpace)
}

function tidy(text: string): string {
  return text
    .replaceAll(/[ \t\r\n\f\u00a0]+/g, ' ')
    .replaceAll('\u00ad', '')
    .replaceAll(/ ?\ue000 ?/g, '\n')
    .replaceAll(hardSpace, ' ')
    .replaceAll(/\n{3,}/g, '\n\n')
    .replace(/^\n+/, '')
    .trimEnd()
    .replace(/^ (?=\S)/, '')
}

/** Line numbers of offsets, from 1. */
function lineNumbers(text: string): (offset: number) => number {
  const starts: number[] = []
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
  return (offset) => {
    let low = 0
    let high = starts.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((starts[middle] ?? 0) <= offset) low = middle + 1
      else high = middle
    }
    return low + 1
  }
}

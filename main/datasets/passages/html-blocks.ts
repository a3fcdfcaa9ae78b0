import type { Block, DocumentBlocks } from './blocks.ts'
import { headingPath } from './blocks.ts'
import { decodeEntities } from './entities.ts'
import { htmlTokens } from './html-tokens.ts'

/** Elements that are left out with all that is in them. */
const skipped = new Set(
  'script style noscript template svg math nav footer aside iframe object select button textarea dialog canvas'.split(
    ' ',
  ),
)
const inline = new Set(
  'a abbr acronym b bdi bdo big cite code data del dfn em font i ins kbd label mark q rp rt ruby s samp small span strike strong sub sup time tt u var wbr img input'.split(
    ' ',
  ),
)
const headings = /^h([1-6])$/

/**
 * The text of an HTML page: headings, paragraphs, list entries, table rows and preformatted text. Scripts,
 * styles, navigation and the page's header and footer are left out, headings in a header are not.
 */
export function htmlBlocks(html: string): DocumentBlocks {
  const path = headingPath()
  const blocks: Block[] = []
  const lineAt = lineCounter(html)
  let title: string | null = null
  let firstHeading: string | null = null
  let text = ''
  let start = 0
  let isTight = false
  let cells: string[] | null = null
  let skipping: { name: string; depth: number } | null = null
  let level = 0
  let preDepth = 0
  let headerDepth = 0
  let isInTitle = false

  const take = (): string => {
    const taken = tidy(text)
    text = ''
    return taken
  }
  const flush = (at: number) => {
    const taken = take()
    if (taken === '') return
    if (level > 0) {
      path.enter(level, taken.replaceAll('\n', ' '))
      firstHeading ??= taken
    } else if (cells) cells.push(taken.replaceAll('\n', ' '))
    else if (headerDepth === 0)
      blocks.push({ heading: path.current(), text: taken, first: lineAt(start), last: lineAt(at), isTight })
    isTight = false
  }

  for (const token of htmlTokens(html)) {
    const { at } = token
    if (token.kind === 'text') {
      if (isInTitle) title ??= tidy(decodeEntities(token.text)) || null
      else if (!skipping && (text !== '' || token.text.trim() !== '')) {
        if (text === '') start = at + (token.text.length - token.text.trimStart().length)
        text +=
          preDepth > 0
            ? preserved(decodeEntities(token.text))
            : decodeEntities(token.text.replaceAll(/\s+/g, ' '))
      }
      continue
    }
    const { name } = token
    const isOpen = token.kind === 'open'
    if (skipping) {
      if (name === skipping.name) skipping.depth += isOpen ? 1 : -1
      if (skipping.depth === 0) skipping = null
      continue
    }
    if (skipped.has(name)) {
      if (!isOpen) continue
      if (!inlineSkips.has(name)) flush(at)
      if (!/\/\s*$/.test(token.attributes)) skipping = { name, depth: 1 }
      continue
    }
    if (name === 'title') isInTitle = isOpen
    else if (name === 'br') text += lineBreak
    else if (inline.has(name)) continue
    else {
      flush(at)
      const heading = headings.exec(name)
      if (heading) level = isOpen ? Number(heading[1]) : 0
      else if (name === 'pre') preDepth = Math.max(0, preDepth + (isOpen ? 1 : -1))
      else if (name === 'header') headerDepth = Math.max(0, headerDepth + (isOpen ? 1 : -1))
      else if (name === 'li' || name === 'dd') isTight = isOpen && blocks.length > 0
      else if (name === 'tr' || name === 'table') {
        if (cells && cells.length > 0 && headerDepth === 0)
          blocks.push({
            heading: path.current(),
            text: cells.join(' | '),
            first: lineAt(start),
            last: lineAt(at),
            isTight: name === 'tr' && blocks.length > 0,
          })
        cells = name === 'tr' && isOpen ? [] : null
      }
    }
  }
  flush(html.length)
  if (cells && cells.length > 0)
    blocks.push({
      heading: path.current(),
      text: cells.join(' | '),
      first: lineAt(start),
      last: lineAt(html.length),
      isTight,
    })
  return { title: title ?? firstHeading, blocks }
}

/** Of what is left out, what may stand within a line. */
const inlineSkips = new Set(['script', 'svg', 'math', 'button', 'select', 'canvas'])

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

/** Line numbers of offsets that are asked for in ascending order. */
function lineCounter(text: string): (offset: number) => number {
  let at = 0
  let line = 1
  return (offset) => {
    if (offset < at) {
      at = 0
      line = 1
    }
    for (let next = text.indexOf('\n', at); next !== -1 && next < offset; next = text.indexOf('\n', at)) {
      at = next + 1
      line++
    }
    return line
  }
}

import { Lexer } from 'marked'
import type { Token, Tokens } from 'marked'
import type { Block, DocumentBlocks } from './blocks.ts'
import { headingPath } from './blocks.ts'
import { htmlBlocks } from './html-blocks.ts'
import { markdownInline } from './markdown-inline.ts'
import { textBlocks } from './text-blocks.ts'

// A longer line is no Markdown that a person wrote; no marks are looked for in such a text.
const longestLine = 20_000
// Nobody nests quotations and lists deeper; the lexer calls itself for each level.
const deepest = 60
const attributeLine = /^\s*\{:.*\}\s*$/gm

/**
 * The text of a Markdown document under its headings (marked's tokens): paragraphs, list entries, rows of tables
 * (each cell after its column's name), code, and the text of HTML within it. Front matter gives the title and
 * goes.
 */
export function markdownBlocks(source: string): DocumentBlocks {
  const { text, title, skipped } = withoutFrontMatter(withoutLongComments(source.replaceAll(/\r\n?/g, '\n')))
  if (isNoMarkdown(text)) return { title, blocks: textBlocks(text).blocks }
  const lexer = new Lexer()
  const path = headingPath()
  const blocks: Block[] = []
  let firstHeading: string | null = null
  let topHeading: string | null = null

  const inline = (given: string) => markdownInline(given.replaceAll(attributeLine, ''), lexer)
  const push = (own: string, first: number, last: number, isTight: boolean) => {
    if (own !== '')
      blocks.push({ heading: path.current(), text: own, first, last: Math.max(first, last), isTight })
  }
  const enter = (level: number, own: string) => {
    if (own === '') return
    path.enter(level, own)
    firstHeading ??= own
    if (level === 1) topHeading ??= own
  }
  /** `marker` goes before the first text of a list entry. */
  const takeAll = (tokens: readonly Token[], line: number, marker = '') => {
    let at = line
    let mark = marker
    for (const token of tokens) {
      const before = blocks.length
      const leading = /^\n*/.exec(token.raw)?.[0].length ?? 0
      take(token, at + leading, at + newlines(token.raw.trimEnd()), mark)
      if (blocks.length > before) mark = ''
      at += newlines(token.raw)
    }
  }
  const take = (token: Token, first: number, last: number, marker: string) => {
    switch (token.type) {
      case 'heading':
        return enter(Number(token.depth), inline(String(token.text)).replaceAll('\n', ' '))
      case 'paragraph':
      case 'text':
        return push(marked(marker, inline(String(token.text))), first, last, marker !== '')
      case 'code':
        return push(String(token.text).replace(/^\n+/, '').trimEnd(), first, last, false)
      case 'blockquote':
        return takeAll(token.tokens ?? [], first, marker)
      case 'list':
        return takeList(token as Tokens.List, first)
      case 'table':
        return takeTable(token as Tokens.Table, first)
      case 'html':
        return takeHtml(token.raw.trim(), first)
      default:
        return undefined
    }
  }
  const takeList = (list: Tokens.List, first: number) => {
    let at = first
    let number = Number(list.start)
    for (const item of list.items) {
      takeAll(item.tokens, at, list.ordered ? `${number++}. ` : '- ')
      at += newlines(item.raw)
    }
  }
  const takeTable = ({ header, rows }: Tokens.Table, first: number) => {
    const names = header.map((cell) => inline(cell.text).replaceAll('\n', ' '))
    for (const [i, row] of rows.entries()) {
      const cells = row.map((cell) => inline(cell.text).replaceAll('\n', ' '))
      push(tableLine(cells, names), first + 2 + i, first + 2 + i, i > 0)
    }
  }
  const takeHtml = (html: string, first: number) => {
    for (const block of htmlBlocks(html).blocks) {
      const own = block.heading.at(-1)
      if (own !== undefined && own !== path.current().at(-1)) path.enter(6, own)
      push(inline(block.text), first + block.first - 1, first + block.last - 1, block.isTight)
    }
  }

  takeAll(lexer.blockTokens(text, []), skipped + 1)
  return { title: title ?? topHeading ?? firstHeading, blocks }
}

function marked(marker: string, text: string): string {
  return text === '' ? '' : marker + text
}

function newlines(text: string): number {
  let count = 0
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) count++
  return count
}

/** Lines longer or marks deeper than anyone writes would cost the lexer much time, or the stack. */
function isNoMarkdown(text: string): boolean {
  for (let start = 0; start < text.length;) {
    const found = text.indexOf('\n', start)
    const end = found === -1 ? text.length : found
    if (end - start > longestLine) return true
    // White space before a mark of a list or quotation, or such a mark, may open one more level.
    const marks = /^(?:[ \t]*(?:[>*+-]|\d{1,9}[.)]))*/.exec(
      text.slice(start, Math.min(end, start + 1000)),
    )?.[0]
    if (marks !== undefined && marks.replaceAll(/\s/g, '').length > deepest && !/^[\s*+-]*$/.test(marks))
      return true
    start = end + 1
  }
  return false
}

/** Comments over empty lines, at which Markdown would end them; the line breaks stay. */
function withoutLongComments(text: string): string {
  let shown = ''
  let at = 0
  for (;;) {
    const start = text.indexOf('<!--', at)
    const end = start === -1 ? -1 : text.indexOf('-->', start + 4)
    if (end === -1) return shown + text.slice(at)
    const comment = text.slice(start, end + 3)
    const isLong = /\n[ \t]*\n/.test(comment)
    shown += text.slice(at, start) + (isLong ? comment.replaceAll(/[^\n]+/g, '') : comment)
    at = end + 3
  }
}

function tableLine(cells: readonly string[], names: readonly string[]): string {
  return cells
    .map((cell, i) => (cell === '' || !names[i] ? cell : `${names[i]}: ${cell}`))
    .filter((cell) => cell !== '')
    .join('; ')
}

function withoutFrontMatter(source: string) {
  const none = { text: source, title: null, skipped: 0 }
  if (!/^---[ \t]*\n/.test(source)) return none
  const end = /\n(?:---|\.\.\.)[ \t]*(?:\n|$)/.exec(source)
  if (!end) return none
  const matter = source.slice(0, end.index)
  const text = source.slice(end.index + end[0].length)
  const title = /^title[ \t]*:[ \t]*(\S.*)$/im
    .exec(matter)?.[1]
    ?.replace(/^(["'])(.*)\1\s*$/, '$2')
    .trim()
  return { text, title: title ? title : null, skipped: newlines(matter) + newlines(end[0]) }
}

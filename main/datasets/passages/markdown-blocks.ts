import type { Block, DocumentBlocks } from './blocks.ts'
import { headingPath } from './blocks.ts'
import { htmlBlocks } from './html-blocks.ts'
import { markdownInline } from './markdown-inline.ts'

// A longer line is no Markdown that a person wrote; no marks are looked for in it.
const longestLine = 20_000
const fence = /^ {0,3}(`{3,}|~{3,})/
const atxHeading = /^ {0,3}(#{1,6})(?:[ \t]+(.*?))?(?:[ \t]+#+)?[ \t]*$/
const setextLine = /^ {0,3}(=+|-{2,})[ \t]*$/
const rule = /^ {0,3}(?:(?:\*[ \t]*){3,}|(?:-[ \t]*){3,}|(?:_[ \t]*){3,})$/
const listEntry = /^\s*(?:([-*+])|(\d{1,9}[.)]))[ \t]+(?=\S)/
const tableRule = /^\s*\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)*\|?\s*$/
const definition = /^ {0,3}\[[^\]^][^\]]*\]:\s*\S/
const attributeLine = /^\s*\{:.*\}\s*$/
const htmlStart =
  /^\s*<\/?(?:address|article|aside|blockquote|body|center|dd|details|div|dl|dt|figcaption|figure|footer|form|h[1-6]|header|hr|li|main|nav|ol|p|section|summary|table|tbody|td|tfoot|th|thead|tr|ul)\b/i

/**
 * The text of a Markdown document under its headings: paragraphs, list entries, rows of tables (each cell after
 * its column's name), code, and the text of HTML within it. Front matter gives the title and goes.
 */
export function markdownBlocks(source: string): DocumentBlocks {
  const { lines, title, body } = withoutFrontMatter(source)
  const path = headingPath()
  const blocks: Block[] = []
  let firstHeading: string | null = null
  let topHeading: string | null = null

  const push = (text: string, from: number, to: number, isTight: boolean) => {
    if (text !== '') blocks.push({ heading: path.current(), text, first: from + 1, last: to, isTight })
  }
  const enter = (level: number, text: string) => {
    if (text === '') return
    path.enter(level, text)
    firstHeading ??= text
    if (level === 1) topHeading ??= text
  }

  for (let i = body; i < lines.length;) {
    const line = lines[i] ?? ''
    const after = lines[i + 1] ?? ''
    const next = after.length > longestLine ? '' : after
    const from = i
    if (line.length > longestLine) {
      push(line.replaceAll(/\s+/g, ' ').trim(), i, ++i, false)
      continue
    }
    const fenced = fence.exec(line)?.[1]
    const heading = atxHeading.exec(line)
    if (fenced !== undefined) {
      const close = new RegExp(`^ {0,3}${fenced.charAt(0)}{${fenced.length},}\\s*$`)
      for (i++; i < lines.length && !close.test(lines[i] ?? '');) i++
      push(
        lines
          .slice(from + 1, i)
          .join('\n')
          .replace(/^\n+/, '')
          .trimEnd(),
        from,
        ++i,
        false,
      )
    } else if (line.trim() === '' || rule.test(line) || definition.test(line) || attributeLine.test(line)) i++
    else if (heading) {
      enter(heading[1]?.length ?? 1, markdownInline(heading[2] ?? '').replaceAll('\n', ' '))
      i++
    } else if (line.includes('|') && tableRule.test(next) && next.includes('-') && next.includes('|')) {
      const names = tableCells(line)
      for (i += 2; i < lines.length && (lines[i] ?? '').includes('|'); i++)
        push(tableLine(tableCells(lines[i] ?? ''), names), i, i + 1, i > from + 2)
    } else if (htmlStart.test(line)) {
      while (i < lines.length && (lines[i] ?? '').trim() !== '') i++
      const found = htmlBlocks(lines.slice(from, i).join('\n'))
      for (const block of found.blocks) {
        const own = block.heading.at(-1)
        if (own !== undefined && own !== path.current().at(-1)) path.enter(6, own)
        push(markdownInline(block.text), from + block.first - 1, from + block.last, block.isTight)
      }
    } else if (setextLine.test(next)) {
      enter(next.trim().startsWith('=') ? 1 : 2, markdownInline(line).replaceAll('\n', ' '))
      i += 2
    } else {
      const entry = listEntry.exec(line)
      for (i++; i < lines.length && !startsBlock(lines[i] ?? '', entry !== null);) i++
      const marker = entry ? `${entry[2] ?? '-'} ` : ''
      const text = markdownInline(
        joinLines([line.slice(entry?.[0].length ?? 0), ...lines.slice(from + 1, i)]),
      )
      push(
        text === '' ? '' : marker + text,
        from,
        i,
        entry !== null && blocks.at(-1)?.heading === path.current(),
      )
    }
  }
  return { title: title ?? topHeading ?? firstHeading, blocks }
}

function startsBlock(line: string, isInList: boolean): boolean {
  if (line.length > longestLine) return true
  const isCode = fence.test(line)
  const isOther = atxHeading.test(line) || rule.test(line) || attributeLine.test(line) || htmlStart.test(line)
  const entry = listEntry.exec(line)
  // A year at the start of a wrapped line begins no list: within a paragraph only 1. does.
  const isEntry = entry !== null && (isInList || entry[2] === undefined || /^1[.)]/.test(entry[2]))
  return line.trim() === '' || isCode || isOther || isEntry
}

/** Lines of a paragraph as one; two spaces or a backslash at the end of a line keep the break. */
function joinLines(lines: readonly string[]): string {
  return lines
    .map((line) =>
      line.endsWith('  ') || line.endsWith('\\') ? `${line.trim().replace(/\\$/, '')}\n` : `${line.trim()} `,
    )
    .join('')
}

function tableCells(line: string): string[] {
  return line
    .trim()
    .replaceAll(/^\||(?<!\\)\|$/g, '')
    .split(/(?<!\\)\|/)
    .map((cell) => markdownInline(cell.replaceAll('\\|', '|')).replaceAll('\n', ' '))
}

function tableLine(cells: readonly string[], names: readonly string[]): string {
  return cells
    .map((cell, i) => (cell === '' || !names[i] ? cell : `${names[i]}: ${cell}`))
    .filter((cell) => cell !== '')
    .join('; ')
}

const hidden = [
  ['<!--', '-->'],
  ['<script', '</script>'],
  ['<style', '</style>'],
] as const

/** Leaves out what stands between two marks; the line breaks stay, so that lines keep their numbers. */
function withoutHidden(text: string, open: string, close: string): string {
  const lower = text.toLowerCase()
  if (lower.length !== text.length) return text
  let shown = ''
  let at = 0
  for (;;) {
    const start = lower.indexOf(open, at)
    const end = start === -1 ? -1 : lower.indexOf(close, start + open.length)
    if (end === -1) return shown + text.slice(at)
    shown += text.slice(at, start) + text.slice(start, end).replaceAll(/[^\n]/g, '')
    at = end + close.length
  }
}

function withoutQuoteMarks(line: string): string {
  return line.length > longestLine ? line : line.replace(/^(?: {0,3}>[ \t]?)+/, '')
}

function withoutFrontMatter(source: string) {
  let shown = source.replaceAll(/\r\n?/g, '\n')
  for (const [open, close] of hidden) shown = withoutHidden(shown, open, close)
  const lines = shown.split('\n').map(withoutQuoteMarks)
  if (lines[0]?.trim() !== '---') return { lines, title: null, body: 0 }
  const end = lines.findIndex((line, i) => i > 0 && /^(?:---|\.\.\.)\s*$/.test(line))
  if (end === -1) return { lines, title: null, body: 0 }
  const given = lines.slice(1, end).find((line) => /^title\s*:/i.test(line))
  const title = given
    ?.replace(/^title\s*:\s*/i, '')
    .replace(/^(["'])(.*)\1\s*$/, '$2')
    .trim()
  return { lines, title: title ? title : null, body: end + 1 }
}

import type { Block } from './blocks.ts'
import { headingPath } from './blocks.ts'
import { hyphenation } from './hyphenation.ts'
import type { PdfLine } from './pdf-lines.ts'

/** Takes lines in reading order and gives blocks as they are complete. */
export interface PdfParagraphs {
  /** Lines of some pages that follow those before. */
  add(lines: readonly PdfLine[]): Block[]
  end(): Block[]
}

interface Open {
  readonly lines: PdfLine[]
  text: string
  readonly starts: number[]
  readonly level: number
}

interface Style {
  /** Type size and font of most of the text, and the distance of its lines. */
  readonly size: number
  readonly font: string
  readonly leading: number
}

const listMark = /^(?:[•●○▪■◦‣⁃·*]|[–—-](?=\s)|\d{1,3}[.)](?=\s)|\(?[a-z][.)](?=\s))\s*/
const bullet = /^[•●○▪■◦‣⁃·*–—]\s*/
const endsSentence = /[.!?:;…][)"'”’\]]*$/
const numbered = /^(\d{1,3}(?:\.\d{1,3}){0,4})\.?\s+\p{L}/u
const longestHeading = 200
const mostCharacters = 50_000

/**
 * Joins the lines of a PDF to paragraphs, over columns and pages, by their distances, indents and ends; larger or
 * otherwise set lines that stand alone are headings. Places are pages: those that a paragraph begins and ends on.
 */
export function pdfParagraphs(): PdfParagraphs {
  const path = headingPath()
  const words = hyphenation({ isBroken: true })
  let style: Style = { size: 10, font: '', leading: 1.2 }
  let open: Open | null = null
  let wasEntry = false

  const close = (): Block[] => {
    const closed = open
    open = null
    const first = closed?.lines[0]
    if (!closed || !first || closed.text.trim() === '') return []
    if (closed.level > 0 && closed.text.length <= longestHeading && /\p{L}/u.test(closed.text)) {
      path.enter(closed.level, closed.text)
      wasEntry = false
      return []
    }
    const isEntry = listMark.test(closed.text)
    const text = closed.text.replace(bullet, '- ')
    const shift = text.length - closed.text.length
    const block = {
      heading: path.current(),
      text,
      first: first.page,
      last: closed.lines.at(-1)?.page ?? first.page,
      isTight: isEntry && wasEntry,
      page: first.page,
      starts: closed.starts.map((start) => (start === 0 ? 0 : start + shift)),
    }
    wasEntry = isEntry
    return [block]
  }
  const begin = (line: PdfLine, level: number) => {
    open = { lines: [line], text: line.text, starts: [0], level }
  }
  const append = (to: Open, line: PdfLine) => {
    const { text, next } = words.join(to.text, line.text)
    // Pages between, which had nothing of the paragraph, begin where this one does.
    for (let page = to.lines.at(-1)?.page ?? line.page; page < line.page; page++) to.starts.push(text.length)
    to.text = text + next
    to.lines.push(line)
  }

  return {
    add: (lines) => {
      style = styleOf(lines) ?? style
      for (const line of lines) words.learn(line.text)
      const blocks: Block[] = []
      for (const [i, line] of lines.entries()) {
        const level = headingLevel(line, lines[i - 1], lines[i + 1], style)
        const before = open?.lines.at(-1)
        if (open && before && open.level === level && goesOn(open, before, line, style)) append(open, line)
        else {
          blocks.push(...close())
          begin(line, level)
        }
      }
      return blocks
    },
    end: close,
  }
}

/** Whether a line goes on with the paragraph (or heading) of the line before. */
function goesOn(open: Open, before: PdfLine, line: PdfLine, style: Style): boolean {
  if (Math.abs(before.size - line.size) > 0.08 * Math.max(before.size, line.size)) return false
  if (open.text.length > mostCharacters) return false
  const gap = line.y - before.y
  const isBelow = line.page === before.page && gap > 0 && sameColumn(before, line)
  if (open.level > 0) return isBelow && gap < 1.6 * line.size
  const indent = line.left - line.column.left
  const indentBefore = before.left - before.column.left
  const em = line.size
  if (listMark.test(line.text) && !/^\d/.test(line.text)) return false
  if (listMark.test(line.text) && (endsSentence.test(before.text) || indent > em)) return false
  const isEntry = listMark.test(open.text)
  const isShort = before.column.right - before.right > 0.12 * (before.column.right - before.column.left)
  if (!isBelow) {
    if (/^\p{Ll}/u.test(line.text)) return true
    return !endsSentence.test(before.text) && !isShort && indent < 0.6 * em
  }
  if (gap > Math.max(1.35 * style.leading * line.size, gapWithin(open) * 1.35)) return false
  if (isEntry) return indent > indentBefore - 0.3 * em || open.lines.length > 1 || indentBefore < em
  if (indent > indentBefore + 0.6 * em && indentBefore < 0.6 * em && indent < 6 * em) return false
  return !(isShort && endsSentence.test(before.text))
}

/** The distance of the first lines of a paragraph, where it has two. */
function gapWithin({ lines: [first, second] }: Open): number {
  return first && second && first.page === second.page && second.y > first.y ? second.y - first.y : 0
}

function sameColumn(one: PdfLine, other: PdfLine): boolean {
  return one.left < other.column.right && other.left < one.column.right
}

/** 1 to 3 for a heading, 0 for text. A larger type says it; another font only where the line stands alone. */
function headingLevel(
  line: PdfLine,
  before: PdfLine | undefined,
  after: PdfLine | undefined,
  style: Style,
): number {
  const ratio = line.size / style.size
  const depth = numbered.exec(line.text)?.[1]?.split('.').length ?? null
  if (line.text.length > longestHeading || !/\p{L}{2}/u.test(line.text)) return 0
  if (ratio >= 1.12)
    return depth === null ? (ratio >= 1.65 ? 1 : ratio >= 1.3 ? 2 : 3) : Math.min(6, depth + 1)
  if (ratio < 0.95 || line.font === style.font || line.text.length > 90) return 0
  const isSet = /^[\p{Lu}\d]/u.test(line.text) && !/[.,;:!?]$/.test(line.text)
  const isBefore =
    after !== undefined && after.font === style.font && after.y > line.y && sameColumn(line, after)
  const room = before && before.page === line.page && before.y < line.y ? line.y - before.y : Infinity
  const isShort = line.right - line.left < 0.8 * (line.column.right - line.column.left)
  if (!isSet || !isBefore || !isShort || room < 1.25 * style.leading * line.size) return 0
  return depth === null ? 3 : Math.min(6, depth + 1)
}

/** What most of the characters are set in. */
function styleOf(lines: readonly PdfLine[]): Style | null {
  const sizes = new Map<number, number>()
  const fonts = new Map<string, number>()
  for (const { size, text } of lines) {
    const rounded = Math.round(size * 2) / 2
    sizes.set(rounded, (sizes.get(rounded) ?? 0) + text.length)
  }
  const size = heaviest(sizes)
  if (size === undefined) return null
  const body = lines.filter((line) => Math.abs(line.size - size) < 0.5)
  for (const { font, text } of body) fonts.set(font, (fonts.get(font) ?? 0) + text.length)
  const gaps = body
    .map((line, i) => {
      const before = body[i - 1]
      return before && before.page === line.page ? line.y - before.y : 0
    })
    .filter((gap) => gap > 0.5 * size && gap < 3 * size)
    .sort((a, b) => a - b)
  const leading = (gaps[Math.floor(gaps.length * 0.5)] ?? 1.2 * size) / size
  return { size, font: heaviest(fonts) ?? '', leading }
}

function heaviest<Key>(weights: ReadonlyMap<Key, number>): Key | undefined {
  return [...weights].sort(([, one], [, other]) => other - one)[0]?.[0]
}

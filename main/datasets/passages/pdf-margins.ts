import type { PdfLine } from './pdf-lines.ts'

/** The lines of one page, in reading order, with its height in points. */
export interface PdfPage {
  readonly number: number
  readonly height: number
  readonly lines: readonly PdfLine[]
}

// A header or footer stands in the outer part of the page, and is no more than so many lines.
const margin = 0.14
const outerLines = 3
// What stands at the same height on so many of the pages is a header; odd and even pages may differ.
const repeatedOn = 0.3
const pageNumber =
  /^[\s\-–—|·[(]*(?:(?:page|seite|página|pág|p)\b\.?\s*)?(?:\d{1,5}|[ivxlc]{1,8})(?:\s*(?:of|von|de|\/)\s*\d{1,5})?[\s\-–—|·\])]*$/i

/** Pages without running heads, running feet and page numbers; the first pages of chapters may lack them. */
export function withoutMargins(pages: readonly PdfPage[]): PdfPage[] {
  const texts = new Map<string, Set<number>>()
  const heights = new Map<string, Set<number>>()
  const note = (map: Map<string, Set<number>>, key: string, page: number) => {
    const known = map.get(key) ?? new Set<number>()
    map.set(key, known.add(page))
  }
  const outer = new Map(pages.map((page) => [page.number, outerOf(page)]))
  for (const page of pages)
    for (const line of outer.get(page.number) ?? []) {
      note(texts, textKey(line), page.number)
      note(heights, heightKey(line), page.number)
    }
  const isRepeated = (line: PdfLine): boolean => {
    const same = texts.get(textKey(line))?.size ?? 0
    const atHeight = heights.get(heightKey(line))?.size ?? 0
    if (pages.length >= 2 && pageNumber.test(line.text)) return true
    if (pages.length === 2) return same === 2
    return same >= Math.max(3, pages.length * repeatedOn) || (same >= 2 && atHeight >= pages.length * 0.6)
  }
  return pages.map((page) => {
    const removed = new Set((outer.get(page.number) ?? []).filter(isRepeated))
    return { ...page, lines: page.lines.filter((line) => !removed.has(line)) }
  })
}

function outerOf({ height, lines }: PdfPage): PdfLine[] {
  const sorted = lines.toSorted((one, other) => one.y - other.y)
  const top = sorted.slice(0, outerLines).filter((line) => line.y < height * margin)
  const bottom = sorted.slice(-outerLines).filter((line) => line.y > height * (1 - margin))
  return [...new Set([...top, ...bottom])]
}

/** The text but for a number at its beginning or end, its height on the page and its size. */
function textKey(line: PdfLine): string {
  const text = line.text
    .replace(/^\d{1,5}\b/, '#')
    .replace(/\b\d{1,5}(?:\s?(?:of|von|de|\/)\s?\d{1,5})?$/, '#')
  return `${heightKey(line)} ${text.toLowerCase()}`
}

function heightKey(line: PdfLine): string {
  return `${Math.round(line.y / 4)} ${Math.round(line.size)}`
}

import { Readability } from '@mozilla/readability'
import { DOMParser } from 'linkedom'
import { htmlBlocks } from '../passages/html-blocks.ts'
import { walkHtml } from '../passages/html-tokens.ts'

// Readability takes time that grows with the square of these; what is beyond is read as it is.
const longest = 1_000_000
const mostElements = 5_000
const deepest = 100
/** Of the page's text that the main content must hold, lest lists and tables of references are lost. */
const leastShare = 0.4

/**
 * The part of a page that is its article, without what stands around it, as Firefox's reader view finds it; null
 * where that finds none, or loses much of the text.
 */
export function mainContent(html: string): string | null {
  if (html.length > longest || !isModest(html)) return null
  const article = articleOf(html)
  if (article === null) return null
  return lengthOf(article) >= lengthOf(html) * leastShare ? article : null
}

function articleOf(html: string): string | null {
  try {
    const document = new DOMParser().parseFromString(html, 'text/html')
    // linkedom's documents do what Readability asks of a browser's, and are of another type.
    const like = document as unknown as ConstructorParameters<typeof Readability>[0]
    return new Readability(like, { keepClasses: false }).parse()?.content ?? null
  } catch {
    // Pages that it cannot take apart are read as a whole.
    return null
  }
}

function lengthOf(html: string): number {
  return htmlBlocks(html).blocks.reduce((sum, { text }) => sum + text.length, 0)
}

function isModest(html: string): boolean {
  let elements = 0
  let depth = 0
  let most = 0
  walkHtml(html, {
    text: () => undefined,
    open: () => {
      elements++
      most = Math.max(most, ++depth)
    },
    close: () => {
      depth = Math.max(0, depth - 1)
    },
  })
  return elements <= mostElements && most <= deepest
}

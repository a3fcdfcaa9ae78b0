import { createHash } from 'node:crypto'
import type { FoundProblem, WebProgress, WebRequest } from '../../contract/imports.ts'
import { AppError } from '../../contract/errors.ts'
import { shownAddress, webAddress } from './address.ts'
import { readPageHead } from './page-links.ts'
import type { PageHead } from './page-links.ts'
import { siteScope } from './site-scope.ts'
import type { SiteScope } from './site-scope.ts'
import type { VisitedPage, Visitor } from './visitor.ts'
import type { WebPage } from './web-file.ts'

export interface CrawlOptions {
  readonly visitor: Visitor
  emit(event: WebProgress): void
  /** Takes the pages one by one. */
  keep(page: WebPage): Promise<void>
}

export interface Crawled {
  readonly title: string
  readonly pages: number
  readonly skipped: readonly FoundProblem[]
}

const mostBytes = 500_000_000
const mostSkipped = 500
/** What is no page by its name; the others show it when they are asked for. */
const otherFiles =
  /\.(?:png|jpe?g|gif|svg|webp|avif|ico|css|js|mjs|json|xml|rss|atom|woff2?|ttf|mp[34]|m4[av]|webm|ogg|wav|zip|gz|tgz|bz2|xz|7z|rar|tar|exe|dmg|deb|rpm|iso|bin|whl|jar)$/i
const documents = /\.(?:pdf|docx?|xlsx?|pptx?|epub|csv|parquet)$/i

/**
 * Reads a page, or the pages of a site from the start breadth first, each once. What goes wrong with another page
 * than the first is noted and passed over.
 *
 * @throws AppError `web_refused`, `web_failed` for the first page, `cancelled`
 */
export async function crawl(
  { url, scope: wanted, maxPages }: WebRequest,
  { visitor, emit, keep }: CrawlOptions,
): Promise<Crawled> {
  const start = webAddress(url)
  start.hash = ''
  const first = await visitor.visit(start)
  const scope = siteScope(first.url)
  const most = wanted === 'page' ? 1 : maxPages
  const skipped: FoundProblem[] = []
  const seen = { texts: new Set<string>(), places: new Set<string>() }
  const waiting: URL[] = []
  let pages = 0
  let bytes = 0
  // The start may have led elsewhere, or stand on the page itself.
  for (const known of [start, first.url]) scope.add(known)

  const take = async (visited: VisitedPage): Promise<PageHead> => {
    const head = headOf(visited)
    const place = placeOf(visited, head, seen)
    bytes += visited.bytes
    if (head.isNoindex) {
      note(skipped, 'page_noindex', visited.url, 'The page itself asks not to be kept (noindex).')
    } else if (place !== null) {
      await keep({ url: place, title: head.title ?? '', type: visited.type, content: visited.text })
      pages++
    }
    emit({ read: pages, waiting: waiting.length, bytes, url: visited.url.href })
    return head
  }
  const follow = (head: PageHead) => {
    if (most > 1 && !head.isNofollow) for (const link of head.links) meet(link, { scope, waiting, skipped })
  }

  const head = await take(first)
  if (pages === 0)
    throw new AppError(
      'web_refused',
      `${shownAddress(first.url.href)} asks not to be kept (noindex). Ask its owner, or save the page as a file.`,
    )
  follow(head)
  // Where most links are dead, the pages that are asked for are bounded too.
  for (let asked = 0; pages < most && asked < most * 3 + 50 && bytes < mostBytes; asked++) {
    const next = waiting.shift()
    if (!next) break
    try {
      const visited = await visitor.visit(next, (to) => scope.contains(to))
      // Another link may have led there before.
      if (visited.url.href === next.href || scope.add(visited.url)) follow(await take(visited))
    } catch (thrown) {
      if (!(thrown instanceof AppError) || thrown.code === 'cancelled' || !thrown.code.startsWith('web_'))
        throw thrown
      note(skipped, thrown.code, next, thrown.message)
    }
  }
  if (waiting.length > 0 && most > 1)
    note(
      skipped,
      'page_limit',
      first.url,
      `${waiting.length.toLocaleString('en')} more pages were found and not read. Ask for more pages, or begin at another one.`,
    )
  return { title: head.title ?? '', pages, skipped }
}

function headOf({ type, text, url, robotsTag }: VisitedPage): PageHead {
  const head = readPageHead(type === 'html' ? text : '', url, robotsTag)
  return type === 'html' ? head : { ...head, title: null }
}

/** The address to keep a page under; null where the same page was kept under another. */
function placeOf(
  { url, text }: VisitedPage,
  { canonical }: PageHead,
  { texts, places }: { readonly texts: Set<string>; readonly places: Set<string> },
): string | null {
  const digest = createHash('sha256').update(text).digest('base64')
  if (texts.has(digest)) return null
  texts.add(digest)
  const own = canonical?.origin === url.origin ? canonical : url
  if (!places.has(own.href)) {
    places.add(own.href)
    return own.href
  }
  // A site that names one page for all of them errs; a path that is the same page says so of its queries.
  if (own.pathname === url.pathname || places.has(url.href)) return null
  places.add(url.href)
  return url.href
}

interface Met {
  readonly scope: SiteScope
  readonly waiting: URL[]
  readonly skipped: FoundProblem[]
}

function meet(link: URL, { scope, waiting, skipped }: Met): void {
  if (!scope.contains(link) || otherFiles.test(link.pathname) || !scope.add(link)) return
  if (documents.test(link.pathname))
    note(skipped, 'page_document', link, 'It is a document, not a page. Download it and add the file.')
  else waiting.push(link)
}

function note(skipped: FoundProblem[], kind: string, url: URL, message: string): void {
  if (skipped.length < mostSkipped) skipped.push({ kind, where: shownAddress(url.href), message })
}

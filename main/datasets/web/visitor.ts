import { setTimeout as sleep } from 'node:timers/promises'
import { AppError } from '../../contract/errors.ts'
import { failed, redirectTarget, shownAddress } from './address.ts'
import type { AddressPolicy } from './address.ts'
import { decodePage } from './decode-page.ts'
import { httpGet } from './http-get.ts'
import type { Answer } from './http-get.ts'
import { pageType } from './page-type.ts'
import type { PageType } from './page-type.ts'
import { forbidden, readRobots } from './robots.ts'
import type { SiteRules } from './robots.ts'

export interface VisitorOptions {
  readonly userAgent: string
  readonly isAllowed: AddressPolicy
  /** Least milliseconds between the starts of two requests to one host. */
  readonly pause: number
  /** Milliseconds for one answer. */
  readonly timeout: number
  readonly signal: AbortSignal
}

/** A page as it was found. */
export interface VisitedPage {
  /** Where it was found in the end. */
  readonly url: URL
  readonly type: PageType
  readonly text: string
  /** Bytes of its body, unpacked. */
  readonly bytes: number
  /** The `X-Robots-Tag` of the answer. */
  readonly robotsTag: string
}

export interface Visitor {
  /**
   * Reads one page, after the redirects to it. @param mayLeadTo asked before a redirect is followed
   * @throws AppError `web_refused`, `web_failed`, `cancelled`
   */
  visit(url: URL, mayLeadTo?: (url: URL) => boolean): Promise<VisitedPage>
}

const mostBytes = 5_000_000
const mostRedirects = 5
const longestWait = 60_000

/**
 * Visits pages one after the other as a polite guest: what robots.txt forbids is not asked for, visits of a host lie
 * apart, and where it says that it is busy it is asked once more after the time that it names.
 */
export function createVisitor({ userAgent, isAllowed, pause, timeout, signal }: VisitorOptions): Visitor {
  const rules = new Map<string, Promise<SiteRules>>()
  const freeAt = new Map<string, number>()

  const wait = async (milliseconds: number) => {
    try {
      if (milliseconds > 0) await sleep(milliseconds, undefined, { signal })
    } catch {
      throw new AppError('cancelled', 'Reading the web was cancelled; nothing was kept.')
    }
  }
  const ask = async (
    url: URL,
    delay: number,
    wantsBody: (answer: Pick<Answer, 'status' | 'headers'>) => boolean,
  ) => {
    const now = performance.now()
    const start = Math.max(now, freeAt.get(url.host) ?? 0)
    freeAt.set(url.host, start + Math.max(pause, delay))
    await wait(start - now)
    return httpGet(url, { userAgent, isAllowed, signal, timeout, mostBytes, wantsBody })
  }
  const rulesOf = (url: URL): Promise<SiteRules> => {
    const known = rules.get(url.origin)
    if (known) return known
    const reading = readRobots(url.origin, userAgent, (one) =>
      ask(one, 0, ({ status }) => status < 300),
    ).catch((thrown: unknown) => {
      // The person asked for a page, and has never heard of robots.txt.
      throw thrown instanceof AppError && thrown.code === 'web_failed'
        ? failed(thrown.message.replace(`${url.origin}/robots.txt could`, `${url.origin} could`))
        : thrown
    })
    rules.set(url.origin, reading)
    return reading
  }
  const askTwice = async (url: URL, delay: number): Promise<Answer> => {
    const wantsBody = ({ status, headers }: Pick<Answer, 'status' | 'headers'>) =>
      status === 200 && pageType(headers['content-type']) !== null
    const answer = await ask(url, delay, wantsBody)
    if (answer.status !== 429 && answer.status !== 503) return answer
    const after = retryAfter(answer.headers['retry-after'])
    if (after === null || after > longestWait) return answer
    await wait(after)
    return ask(url, delay, wantsBody)
  }

  return {
    visit: async (start, mayLeadTo = () => true) => {
      let url = start
      for (let hop = 0; hop <= mostRedirects; hop++) {
        const { isAllowed: mayRead, delay } = await rulesOf(url)
        if (!mayRead(url)) throw forbidden(url)
        const answer = await askTwice(url, delay)
        const { location } = answer.headers
        if (![301, 302, 303, 307, 308].includes(answer.status) || location === undefined)
          return pageOf(url, answer)
        const next = redirectTarget(url, location)
        if (!mayLeadTo(next))
          throw failed(`It leads on to ${shownAddress(next.href)}, which is outside of what was asked for.`)
        url = next
      }
      throw failed(
        `${shownAddress(start.href)} leads on and on: more than ${mostRedirects} redirects. Name the page itself.`,
      )
    },
  }
}

/** Milliseconds that an answer asks to wait; null where it does not say. */
function retryAfter(header: string | undefined): number | null {
  if (header === undefined) return null
  const seconds = /^\s*\d{1,9}\s*$/.test(header) ? Number(header) : (Date.parse(header) - Date.now()) / 1000
  return Number.isFinite(seconds) ? Math.max(0, seconds * 1000) : null
}

/** What a status means to a person. */
const statuses: Readonly<Record<number, string>> = {
  401: 'asks for a name and password, which are not given. Save the page as a file',
  403: 'is not shown to programs. Save the page as a file',
  404: 'is not there. Check the address',
  410: 'is not there any more. Choose another page',
  429: 'asks for fewer visits. Try again later',
  503: 'is busy at present. Try again later',
}

function pageOf(url: URL, { status, headers, body }: Answer): VisitedPage {
  const shown = shownAddress(url.href)
  if (status !== 200)
    throw failed(
      `${shown} ${statuses[status] ?? (status >= 500 ? 'has a fault of its own. Try again later' : 'gave no page. Check the address')} (HTTP ${status}).`,
    )
  const contentType = headers['content-type'] ?? ''
  const type = pageType(contentType)
  if (type === null) {
    const name = contentType.split(';')[0]?.trim().slice(0, 60) || 'of no named type'
    throw failed(`${shown} is no page of text but ${name}. Download it and add the file.`)
  }
  return {
    url,
    type,
    text: decodePage(body, contentType),
    bytes: body.length,
    robotsTag: String(headers['x-robots-tag'] ?? ''),
  }
}

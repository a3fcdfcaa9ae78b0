import robotsParser from 'robots-parser'
import { AppError } from '../../contract/errors.ts'
import { failed, redirectTarget, shownAddress } from './address.ts'
import type { Answer } from './http-get.ts'

/** What a site lets programs read. */
export interface SiteRules {
  isAllowed(url: URL): boolean
  /** Milliseconds that it wants between two visits; 0 where it does not say. */
  readonly delay: number
}

/** RFC 9309 asks for 500 kB at least. */
const mostCharacters = 512_000
const mostRedirects = 5
const mostDelay = 30_000
/** Each costs time on every address that is looked at; beyond, a rule covers what begins as it does. */
const mostWildcards = 10

/**
 * Reads a site's robots.txt as RFC 9309 has it: what is not there allows all, what cannot be had because of the
 * site's own fault forbids all.
 *
 * @throws AppError `web_failed` where the site cannot be reached or is at fault
 */
export async function readRobots(
  origin: string,
  userAgent: string,
  get: (url: URL) => Promise<Answer>,
): Promise<SiteRules> {
  const answer = await getFollowing(new URL('/robots.txt', origin), get)
  if (answer === null || (answer.status >= 400 && answer.status < 500 && answer.status !== 429))
    return allowsAll
  if (answer.status < 200 || answer.status >= 300)
    throw failed(
      `${origin} does not say what may be read: its robots.txt is answered with ${answer.status}, which means not now. Try again later.`,
    )
  const text = answer.body.toString('utf8').slice(0, mostCharacters).replaceAll(/^.*$/gm, withFewWildcards)
  const robots = robotsParser(new URL('/robots.txt', origin).href, text)
  const delay = robots.getCrawlDelay(userAgent) ?? 0
  return {
    isAllowed: (url) => robots.isAllowed(url.href, userAgent) !== false,
    delay: Math.min(mostDelay, Math.max(0, delay * 1000)),
  }
}

const allowsAll: SiteRules = { isAllowed: () => true, delay: 0 }

/** Redirects are followed also to other sites, whose rules then hold; null where they lead nowhere. */
async function getFollowing(start: URL, get: (url: URL) => Promise<Answer>): Promise<Answer | null> {
  let url = start
  for (let hop = 0; hop <= mostRedirects; hop++) {
    const answer = await get(url)
    const { location } = answer.headers
    if (answer.status < 300 || answer.status >= 400 || location === undefined) return answer
    try {
      url = redirectTarget(url, location)
    } catch (thrown) {
      if (thrown instanceof AppError) return null
      throw thrown
    }
  }
  return null
}

function withFewWildcards(line: string): string {
  const parts = line.split('*')
  return parts.length <= mostWildcards ? line : parts.slice(0, mostWildcards).join('*')
}

export function forbidden(url: URL): AppError {
  return new AppError(
    'web_refused',
    `${shownAddress(url.href)} is not to be read by programs: the site's robots.txt says so. Ask its owner, or save the page as a file.`,
  )
}

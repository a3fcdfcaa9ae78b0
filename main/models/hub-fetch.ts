import { AppError } from '../contract/errors.ts'

export interface HubRequest {
  readonly fetch: typeof fetch
  readonly signal: AbortSignal
  readonly headers?: Readonly<Record<string, string>>
}

const mostRedirects = 10
const redirects: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])

/**
 * Asks a hub for an address and follows its redirects, which lead to where the large files lie, as long as they are
 * encrypted. A hub of this machine that is not may lead on to itself.
 *
 * @throws AppError `download_failed` for a redirect elsewhere, or without end; what `fetch` throws
 */
export async function hubFetch(
  address: string,
  { fetch, signal, headers = {} }: HubRequest,
): Promise<Response> {
  const { host, origin, protocol } = new URL(address)
  let url = address
  for (let hop = 0; hop <= mostRedirects; hop++) {
    const response = await fetch(url, { signal, headers, redirect: 'manual' })
    const location = response.headers.get('location')
    if (!redirects.has(response.status) || location === null) return response
    await response.body?.cancel()
    const next = URL.parse(location, url)
    if (next?.protocol !== 'https:' && !(protocol === 'http:' && next?.origin === origin)) {
      const shown = (next?.host || next?.protocol) ?? 'no address at all'
      throw new AppError(
        'download_failed',
        `${host} leads on to ${shown}, which is not encrypted and could be anybody’s. Try again later, or download the model in a browser and add its folder.`,
        { url: address },
      )
    }
    url = next.href
  }
  throw new AppError(
    'download_failed',
    `${host} leads on and on: more than ${mostRedirects} redirects. Try again later.`,
    { url: address },
  )
}

/** The largest hub's listings have some hundred kilobytes. */
const mostListingBytes = 16_000_000

/** Reads an answer as JSON, within a bound. @throws AppError `download_failed` beyond it, SyntaxError where it is none */
export async function readHubJson(response: Response, url: string): Promise<unknown> {
  const parts: Uint8Array[] = []
  let bytes = 0
  for await (const part of response.body ?? []) {
    bytes += part.byteLength
    if (bytes > mostListingBytes)
      throw new AppError(
        'download_failed',
        `${new URL(url).host} lists more files than a model has. Choose another model, or add a folder from disk.`,
        { url },
      )
    parts.push(part)
  }
  return JSON.parse(Buffer.concat(parts).toString('utf8')) as unknown
}

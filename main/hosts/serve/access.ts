import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { ApiError } from './api-error.ts'

export interface AccessOptions {
  readonly port: number
  /** What clients send as `Authorization: Bearer KEY`; null lets every program of this machine in. */
  readonly key: string | null
}

/**
 * Lets in whoever has the key, through this address, and no page of a browser: a foreign name that resolves to this
 * machine (DNS rebinding) comes with that name as Host, and browsers name the page behind a request.
 *
 * @throws ApiError 401 or 403.
 */
export function checkAccess({ headers }: IncomingMessage, { port, key }: AccessOptions): void {
  const { host = '', origin, authorization = '' } = headers
  if (host !== `127.0.0.1:${port}` && host !== `localhost:${port}`)
    throw new ApiError(
      403,
      'host_refused',
      `Loracle answers at 127.0.0.1:${port} and localhost:${port} alone. Use one of them in the address.`,
    )
  const site = headers['sec-fetch-site']
  if ((origin !== undefined && origin !== `http://${host}`) || site === 'cross-site' || site === 'same-site')
    throw new ApiError(
      403,
      'origin_refused',
      'Loracle does not answer pages of other sites. Ask from a program instead of a page.',
    )
  if (key === null) return
  const given = /^Bearer +(\S+) *$/i.exec(authorization)?.[1]
  if (given !== undefined && isSame(given, key)) return
  throw new ApiError(
    401,
    'invalid_api_key',
    'This server wants its key: send the header Authorization: Bearer KEY with the key that loracle serve printed when it was started.',
    { headers: { 'WWW-Authenticate': 'Bearer' } },
  )
}

/** Compares digests, which are of one length, in constant time. */
function isSame(given: string, key: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(given), digest(key))
}

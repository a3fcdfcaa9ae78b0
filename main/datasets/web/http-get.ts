import { lookup as resolveName } from 'node:dns'
import { request as requestHttp } from 'node:http'
import type { IncomingHttpHeaders, IncomingMessage, RequestOptions } from 'node:http'
import { request as requestHttps } from 'node:https'
import { isIP } from 'node:net'
import { AppError } from '../../contract/errors.ts'
import { failed, refused, shownAddress } from './address.ts'
import type { AddressPolicy } from './address.ts'
import { unpackBody } from './unpack-body.ts'

export interface GetOptions {
  readonly userAgent: string
  readonly isAllowed: AddressPolicy
  readonly signal: AbortSignal
  /** Milliseconds for the whole of it. */
  readonly timeout: number
  /** Bytes of the body, packed and unpacked. */
  readonly mostBytes: number
  /** Whether the body is worth reading, from the head of the answer; the body is empty where it is not. */
  wantsBody(answer: Pick<Answer, 'status' | 'headers'>): boolean
}

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

/**
 * Asks for one address, without following redirects. The name is resolved here, every address that comes back must
 * be allowed, and the connection goes to one of these: no second answer of the name server can lead elsewhere.
 *
 * @throws AppError `web_refused` (an address that is not allowed), `web_failed` (not reached, too slow, too large,
 * damaged), `cancelled`
 */
export async function httpGet(url: URL, options: GetOptions): Promise<Answer> {
  const limit = AbortSignal.timeout(options.timeout)
  try {
    return await exchange(url, options, AbortSignal.any([options.signal, limit]))
  } catch (thrown) {
    if (options.signal.aborted)
      throw new AppError('cancelled', 'Reading the web was cancelled; nothing was kept.')
    if (thrown instanceof AppError) throw thrown
    if (limit.aborted)
      throw failed(
        `${shownAddress(url.href)} did not answer within ${Math.ceil(options.timeout / 1000)} seconds. Try again later.`,
      )
    throw failed(`${shownAddress(url.href)} could not be read: ${reasonOf(thrown)}.`)
  }
}

async function exchange(url: URL, options: GetOptions, signal: AbortSignal): Promise<Answer> {
  const host = url.hostname.replaceAll(/^\[|\]$/g, '')
  // An address that stands there as numbers is connected to without a look-up.
  if (isIP(host) !== 0 && !options.isAllowed(host)) throw privateAddress(url.hostname)
  const response = await openResponse(url, options, signal)
  try {
    const { statusCode: status = 0, headers } = response
    if (!options.wantsBody({ status, headers })) return { status, headers, body: Buffer.alloc(0) }
    const packed = await readBody(response, url, options.mostBytes)
    const body = await unpackBody(packed, headers['content-encoding'] ?? '', options.mostBytes)
    return { status, headers, body }
  } finally {
    response.destroy()
  }
}

function openResponse(url: URL, options: GetOptions, signal: AbortSignal): Promise<IncomingMessage> {
  const settings: RequestOptions = {
    // A connection for this request alone: one that was opened for another name is not used again.
    agent: false,
    lookup: checkedLookup(options.isAllowed),
    signal,
    headers: {
      'user-agent': options.userAgent,
      accept: 'text/html, application/xhtml+xml, text/markdown;q=0.9, text/plain;q=0.8',
      'accept-encoding': 'gzip, deflate, br',
    },
  }
  return new Promise((resolve, reject) => {
    const request = (url.protocol === 'https:' ? requestHttps : requestHttp)(url, settings, resolve)
    request.on('error', reject)
    // A server that changes the protocol ends the request without an answer or error; after either this is nothing.
    request.on('close', () => reject(new Error('the site gave no answer')))
    request.end()
  })
}

function checkedLookup(isAllowed: AddressPolicy): NonNullable<RequestOptions['lookup']> {
  return (hostname, options, callback) => {
    resolveName(hostname, { ...options, all: true }, (error, addresses) => {
      const [first] = addresses ?? []
      if (error) callback(error, '')
      else if (!first) callback(new Error(`${hostname} has no address`), '')
      else if (!addresses.every(({ address }) => isAllowed(address))) callback(privateAddress(hostname), '')
      else if (options.all) callback(null, addresses)
      else callback(null, first.address, first.family)
    })
  }
}

async function readBody(response: IncomingMessage, url: URL, most: number): Promise<Buffer> {
  const parts: Buffer[] = []
  let bytes = 0
  for await (const part of response as AsyncIterable<Buffer>) {
    bytes += part.length
    if (bytes > most) throw tooLarge(url, most)
    parts.push(part)
  }
  return Buffer.concat(parts)
}

function tooLarge(url: URL, most: number): AppError {
  return failed(
    `${shownAddress(url.href)} holds more than ${most / 1e6} MB, which is no page of text. Choose another page.`,
  )
}

function privateAddress(host: string): AppError {
  return refused(
    `${host} is an address of this machine or a private network, which is not read. Save the page as a file and drop that.`,
  )
}

/** What the system's codes mean to a person. */
const reasons: Readonly<Record<string, string>> = {
  ENOTFOUND: 'there is no site of this name. Check the address',
  EAI_AGAIN: 'the name could not be looked up. Check the connection to the internet',
  ECONNREFUSED: 'the site takes no connections. Check the address, or try again later',
  ECONNRESET: 'the site broke the connection off. Try again later',
  ENETUNREACH: 'there is no connection to the internet. Check it and try again',
  EHOSTUNREACH: 'the site cannot be reached. Check the connection to the internet',
  ETIMEDOUT: 'the site did not answer. Try again later',
  CERT_HAS_EXPIRED:
    'its certificate has expired, so it cannot be told from a forgery. Try again when it is renewed',
  DEPTH_ZERO_SELF_SIGNED_CERT:
    'it certifies itself, so it cannot be told from a forgery. Save the page as a file',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name. Check the address',
  ERR_BUFFER_TOO_LARGE: 'it unpacks to more than a page of text holds. Choose another page',
}

function reasonOf(thrown: unknown): string {
  const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : ''
  const said = thrown instanceof Error ? thrown.message : String(thrown)
  return (
    reasons[code] ??
    `${said.replaceAll(/\s+/g, ' ').slice(0, 200)}. Try again later, or save the page as a file`
  )
}

import ipaddr from 'ipaddr.js'
import { AppError } from '../../contract/errors.ts'

/** Says of an IP address whether it may be connected to. */
export type AddressPolicy = (address: string) => boolean

/**
 * True for addresses of the public internet alone: what is private, of this machine or its network, shared,
 * multicast or reserved is refused, also where an IPv6 address carries such an IPv4 one (mapped, NAT64, 6to4, Teredo).
 */
export function isPublicAddress(address: string): boolean {
  if (!ipaddr.isValid(address)) return false
  const parsed = ipaddr.parse(address)
  if (parsed.range() !== 'unicast') return false
  // Of IPv6 only 2000::/3 is given out (RFC 4291, IANA's list of unicast addresses).
  return parsed.kind() === 'ipv4' || ((parsed.toByteArray()[0] ?? 0) & 0xe0) === 0x20
}

/** Longer addresses are no pages that a person would name, and cost time to compare. */
const longestAddress = 2000

/**
 * The address of a page that may be asked for.
 *
 * @throws AppError `web_refused` for other schemes than HTTP(S), and for names and passwords in the address.
 */
export function webAddress(text: string, base?: URL): URL {
  const url = URL.parse(text.trim(), base?.href)
  const shown = shownAddress(text)
  if (!url)
    throw refused(
      `${shown} is no web address. One begins with https:// and a name, as in https://example.org/guide/.`,
    )
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw refused(
      `${shown} is no web page: only addresses with https:// or http:// are read. Choose such a one.`,
    )
  if (url.username !== '' || url.password !== '')
    throw refused(
      `${url.host} would be visited with a name or password in the address, which is not done. Leave it out.`,
    )
  if (url.href.length > longestAddress)
    throw refused(
      `${shown} is longer than ${longestAddress.toLocaleString('en')} characters. Choose a shorter address.`,
    )
  return url
}

/**
 * Where a redirect leads.
 *
 * @throws AppError `web_refused` where that is no web page, or would give up the encryption.
 */
export function redirectTarget(from: URL, location: string): URL {
  const url = webAddress(location, from)
  if (from.protocol === 'https:' && url.protocol === 'http:')
    throw refused(
      `${shownAddress(from.href)} leads on to ${shownAddress(url.href)}, which is not encrypted. If that page is wanted, name it by that address.`,
    )
  url.hash = ''
  return url
}

/** An address as a sentence may hold it: short, on one line, without a name or password. */
export function shownAddress(text: string): string {
  const url = URL.parse(text)
  if (url) url.username = url.password = ''
  const line = (url?.href ?? text).replaceAll(/[\s\p{Cc}\p{Cf}]+/gu, ' ').toWellFormed()
  return line.length > 200 ? `${line.slice(0, 200)}…` : line
}

export function refused(message: string): AppError {
  return new AppError('web_refused', message)
}

export function failed(message: string): AppError {
  return new AppError('web_failed', message)
}

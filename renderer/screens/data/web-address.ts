/**
 * The web address that a person meant: `docs.example.org/guide` is completed to `https://docs.example.org/guide`.
 * Null where it is none that can be read.
 */
export function webAddressOf(text: string): string | null {
  const given = text.trim()
  if (given === '' || /\s/.test(given)) return null
  const complete = /^[a-z][a-z0-9+.-]*:\/\//i.test(given) ? given : `https://${given}`
  const url = URL.canParse(complete) ? new URL(complete) : null
  if (url === null || !['http:', 'https:'].includes(url.protocol)) return null
  return url.hostname.includes('.') || url.hostname === 'localhost' || url.hostname.startsWith('[')
    ? url.href
    : null
}

/** The folder of an address: pages whose address begins with it are the pages below it. */
export function folderOf(address: string): string {
  const url = new URL(address)
  return `${url.host}${url.pathname.slice(0, url.pathname.lastIndexOf('/') + 1)}`
}

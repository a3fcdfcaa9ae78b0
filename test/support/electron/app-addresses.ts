/** Chromium refuses schemes that it does not know, so `app://NAME/` is `https://NAME.app.test/` there. */
const suffix = '.app.test'

export function toChromium(address: string): string {
  const url = URL.parse(address)
  return url?.protocol === 'app:'
    ? `https://${url.host}${suffix}${url.pathname}${url.search}${url.hash}`
    : address
}

export function fromChromium(address: string): string {
  const url = URL.parse(address)
  if (!url?.host.endsWith(suffix)) return address
  return `app://${url.host.slice(0, -suffix.length)}${url.pathname}${url.search}${url.hash}`
}

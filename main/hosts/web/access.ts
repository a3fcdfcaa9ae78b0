import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

/** Why a request is refused, as the answer to it. */
export interface Refusal {
  readonly status: 401 | 403
  readonly message: string
}

/** Who may speak to the host on one port: whoever has the token, through this address, from our own pages. */
export interface Access {
  readonly token: string
  /** The cookie that stands for the token; its name holds the port, since cookies do not tell ports apart. */
  readonly cookie: string
  refusalOf(request: IncomingMessage, url: URL): Refusal | undefined
}

const noToken =
  'This address needs the token that Loracle printed when it was started. Open the whole address, with ?token= and what follows it.\n'
const wrongHost =
  'Loracle answers only at the address that it printed, 127.0.0.1 or localhost with its port.\n'
const wrongOrigin = 'Loracle takes this only from its own window. Open the address that it printed.\n'

export function createAccess(port: number): Access {
  const token = randomBytes(32).toString('base64url')
  const name = `loracle-${port}`
  const hosts = [`127.0.0.1:${port}`, `localhost:${port}`]
  return {
    token,
    cookie: `${name}=${token}; HttpOnly; SameSite=Strict; Path=/`,
    refusalOf: (request, url) => {
      const { host = '', origin } = request.headers
      // A foreign name that resolves to this machine (DNS rebinding) comes with that name.
      if (!hosts.includes(host) || countOf(request, 'host') !== 1) return { status: 403, message: wrongHost }
      // Browsers name the page behind every POST and WebSocket.
      const mustName = request.method !== 'GET' && request.method !== 'HEAD'
      const upgrades = request.headers.upgrade !== undefined
      if (mustName || upgrades || origin !== undefined)
        if (origin !== `http://${host}`) return { status: 403, message: wrongOrigin }
      // Another server on this machine is the same site, so its pages send our cookie: they may only link to us.
      const site = request.headers['sec-fetch-site']
      const navigates = request.headers['sec-fetch-mode'] === 'navigate'
      if (site !== undefined && site !== 'same-origin' && site !== 'none' && !navigates)
        return { status: 403, message: wrongOrigin }
      const given = [url.searchParams.get('token'), cookieOf(request, name)]
      return given.some((one) => one !== null && isSame(one, token))
        ? undefined
        : { status: 401, message: noToken }
    },
  }
}

/** How often a header was sent; of some Node keeps the first alone. */
function countOf({ rawHeaders }: IncomingMessage, name: string): number {
  return rawHeaders.filter((one, index) => index % 2 === 0 && one.toLowerCase() === name).length
}

function cookieOf(request: IncomingMessage, name: string): string | null {
  const pair = request.headers.cookie?.split(/; */).find((one) => one.startsWith(`${name}=`))
  return pair ? pair.slice(name.length + 1) : null
}

/** Compares digests, which are of one length, in constant time. */
function isSame(given: string, token: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(given), digest(token))
}

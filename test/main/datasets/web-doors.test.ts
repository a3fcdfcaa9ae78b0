/** What hostile sites and name servers try with whoever reads them. */
import type * as dns from 'node:dns'
import { readdir } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, onTestFinished, test, vi } from 'vitest'
import type { WebRequest } from '../../../main/contract/imports.ts'
import { isPublicAddress } from '../../../main/datasets/web/address.ts'
import { webHandlers } from '../../../main/datasets/web/handlers.ts'
import type { WebDeps } from '../../../main/datasets/web/handlers.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'
import { answer, redirect, webSite } from '../../support/web-site.ts'

const names = vi.hoisted(() => ({
  /** What the name server says of a name, one answer after the other; the last one again and again. */
  answers: new Map<string, (readonly string[])[]>(),
  asked: [] as string[],
  /** Whose addresses are being handed over. */
  current: null as string | null,
}))

vi.mock('node:dns', async (original) => {
  const real = await original<typeof dns>()
  type Callback = (error: Error | null, addresses: { address: string; family: number }[]) => void
  const lookup = (name: string, options: object, callback: Callback): void => {
    const answers = names.answers.get(name)
    if (!answers) {
      real.lookup(name, options as { all: true }, callback)
      return
    }
    names.asked.push(name)
    const next = (answers.length > 1 ? answers.shift() : answers[0]) ?? []
    const addresses = next.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
    setImmediate(() => {
      names.current = name
      callback(null, addresses)
      names.current = null
    })
  }
  return { ...real, lookup }
})

const isHere = (address: string): boolean => address === '127.0.0.1'

async function openReader(more: Partial<WebDeps> = {}) {
  const uploads = join(await temporaryFolder(), 'uploads')
  const deps = { uploads, version: '1', isAllowed: isHere, pause: 0, timeout: 2_000, ...more }
  const read = (url: string, request: Partial<WebRequest> = {}) =>
    webHandlers(deps)['data.readWeb'](
      { url, scope: 'page', maxPages: 10, ...request },
      { emit: () => undefined, signal: new AbortController().signal },
    )
  return { read, kept: () => readdir(uploads).catch(() => []) }
}

/** A server that answers whatever bytes it is told to, and counts who comes. */
async function rawSite(serve: (socket: Socket) => void) {
  let visits = 0
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    visits++
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.once('data', () => serve(socket))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return { origin: `http://127.0.0.1:${port}`, port, visits: () => visits }
}

const page = '<html><head><title>Page</title></head><body><p>Words of a page.</p></body></html>'

test('a name is looked up once for each connection, which goes to what was checked', async () => {
  const site = await webSite({ '/': page, '/robots.txt': '' })
  // A second answer, which nobody may ask for, leads to a network of ours.
  names.answers.set('rebind.test', [['127.0.0.1'], ['127.0.0.1'], ['10.0.0.1']])
  names.asked.length = 0
  const { read } = await openReader()
  expect((await read(`http://rebind.test:${site.port}/`)).pages).toBe(1)
  expect(names.asked).toEqual(['rebind.test', 'rebind.test'])
  expect(site.paths()).toEqual(['/robots.txt', '/'])
})

test('a name that leads to the inside only at its second visit is refused then', async () => {
  const site = await webSite({ '/robots.txt': '', '/': page })
  names.answers.set('later.test', [['127.0.0.1'], ['10.0.0.1']])
  const { read, kept } = await openReader()
  await expect(read(`http://later.test:${site.port}/`)).rejects.toMatchObject({ code: 'web_refused' })
  expect(site.paths()).toEqual(['/robots.txt'])
  expect(await kept()).toEqual([])
})

test.each([
  ['one of two is private', ['8.8.8.8', '10.0.0.1']],
  ['the IPv6 one is this machine', ['8.8.8.8', '::1']],
  ['the IPv6 one carries a private one', ['8.8.8.8', '::ffff:192.168.0.1']],
  ['it is behind NAT64', ['64:ff9b::a00:1']],
  ['it is of the local network', ['169.254.1.1']],
  ['it is unspecified', ['0.0.0.0']],
])('a name of several addresses is refused where %s', async (_what, addresses) => {
  const site = await webSite({ '/': page })
  names.answers.set('mixed.test', [addresses])
  const { read } = await openReader({ isAllowed: isPublicAddress })
  await expect(read(`http://mixed.test:${site.port}/`)).rejects.toMatchObject({ code: 'web_refused' })
  expect(site.visits).toEqual([])
})

test.each([
  'http://0x7f.1/',
  'http://0x7f000001/',
  'http://017700000001/',
  'http://127.0.1/',
  'http://2130706433/',
  'http://0/',
  'http://127.0.0.1./',
  'http://[::ffff:7f00:1]/',
  'http://[0:0:0:0:0:ffff:127.0.0.1]/',
  'http://[64:ff9b::7f00:1]/',
  'http://[2002:7f00:1::]/',
  'http://１２７.0.0.1/',
  'http://user@127.0.0.1/',
  'file://127.0.0.1/etc/passwd',
  'data:text/html,x',
])('at each hop, a redirect to %s is refused', async (target) => {
  const inside = await webSite({ '/': page })
  const url = URL.parse(target)
  if (url?.protocol === 'http:') url.port = `${inside.port}`
  for (const hops of [0, 3]) {
    const chain = Array.from({ length: hops }, (_, i) => [`/${i}`, redirect(`/${i + 1}`)] as const)
    const site = await webSite({ ...Object.fromEntries(chain), [`/${hops}`]: redirect(url?.href ?? target) })
    names.answers.set('site.test', [['127.0.0.1']])
    const { read, kept } = await openReader({
      // The site may be reached by its name; every other address is judged as in the app.
      isAllowed: (address) => names.current === 'site.test' || isPublicAddress(address),
    })
    await expect(read(`http://site.test:${site.port}/0`)).rejects.toMatchObject({ code: 'web_refused' })
    expect(site.paths()).toContain(`/${hops}`)
    expect(inside.visits).toEqual([])
    expect(await kept()).toEqual([])
  }
})

const endings: readonly (readonly [string, (socket: Socket) => void])[] = [
  [
    'changes the protocol',
    (socket) => socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n'),
  ],
  [
    'says for ever that it is about to answer',
    (socket) => {
      const drip = setInterval(() => socket.write('HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n'), 20)
      socket.once('close', () => clearInterval(drip))
    },
  ],
  [
    'has endless headers',
    (socket) => {
      socket.write('HTTP/1.1 200 OK\r\n')
      const drip = setInterval(() => socket.write(`X: ${'y'.repeat(4000)}\r\n`), 1)
      socket.once('close', () => clearInterval(drip))
    },
  ],
  [
    'drips its headers',
    (socket) => {
      socket.write('HTTP/1.1 200 OK\r\nX: ')
      const drip = setInterval(() => socket.write('y'), 20)
      socket.once('close', () => clearInterval(drip))
    },
  ],
  ['closes at once', (socket) => socket.end()],
  ['speaks no HTTP', (socket) => socket.write('220 mail.example ESMTP\r\n')],
  [
    'has two lengths',
    (socket) => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab'),
  ],
  [
    'has a chunk without end',
    (socket) =>
      socket.write(
        'HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n',
      ),
  ],
  [
    'is unpacked without end',
    (socket) => {
      const bomb = gzipSync(gzipSync(Buffer.alloc(100_000_000)))
      socket.write(
        `HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: gzip, gzip\r\nContent-Length: ${bomb.length}\r\n\r\n`,
      )
      socket.write(bomb)
    },
  ],
  [
    'sends for ever',
    (socket) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n')
      const flood = setInterval(() => socket.write(Buffer.alloc(200_000, 'a')), 1)
      socket.once('close', () => clearInterval(flood))
    },
  ],
]

test.each(endings)('a server that %s ends in an error, in bounded time and memory', async (_what, serve) => {
  const site = await rawSite(serve)
  const { read, kept } = await openReader({ timeout: 700 })
  const [start, rss] = [performance.now(), process.memoryUsage.rss()]
  await expect(read(`${site.origin}/`)).rejects.toMatchObject({ code: 'web_failed' })
  expect(performance.now() - start).toBeLessThan(15_000)
  expect(process.memoryUsage.rss() - rss).toBeLessThan(150e6)
  expect(await kept()).toEqual([])
})

test('cookies, names and where one comes from are not carried along', async () => {
  const seen: string[] = []
  const site = await webSite({
    '/robots.txt': answer('', { 'set-cookie': 'a=1' }),
    '/': (_, response) => {
      response
        .writeHead(302, { location: '/next', 'set-cookie': 'session=1; Path=/', 'www-authenticate': 'Basic' })
        .end()
    },
    '/next': (request, response) => {
      seen.push(...Object.keys(request.headers))
      response.writeHead(200, { 'content-type': 'text/html' }).end(page)
    },
  })
  const { read } = await openReader()
  await read(`${site.origin}/`)
  expect(seen.sort()).toEqual(['accept', 'accept-encoding', 'connection', 'host', 'user-agent'])
})

test('a proxy that the environment names is not used: it would look the names up by itself', async () => {
  const proxy = await rawSite((socket) => socket.end('HTTP/1.1 200 OK\r\n\r\n'))
  const site = await webSite({ '/': page, '/robots.txt': '' })
  for (const name of ['HTTP_PROXY', 'http_proxy', 'HTTPS_PROXY', 'ALL_PROXY']) vi.stubEnv(name, proxy.origin)
  onTestFinished(() => {
    vi.unstubAllEnvs()
  })
  const { read } = await openReader()
  expect((await read(`${site.origin}/`)).pages).toBe(1)
  await expect(read('http://10.0.0.1/')).rejects.toMatchObject({ code: 'web_refused' })
  expect(proxy.visits()).toBe(0)
})

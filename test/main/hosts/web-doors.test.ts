/** What a hostile client tries at the web host. The long run is test/fuzz/protocol/main.ts --target http|websocket. */
import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import type { WebSocket } from 'ws'
import { smallApp } from '../rpc/small-app.ts'
import { headOf, openRaw } from './raw-client.ts'
import { ask, cookieOf, fromWindow, openSocket, originOf, refusalOf, startTestHost } from './web-client.ts'
import type { TestHost } from './web-client.ts'

const statusOf = (answer: string): number => Number(/^HTTP\/1\.1 (\d{3}) /.exec(answer)?.[1] ?? 0)
const isServed = async (host: TestHost): Promise<boolean> =>
  (await ask(host, { headers: { Cookie: cookieOf(host) } })).status === 200

describe('names of the host (DNS rebinding)', () => {
  test.each<[string, (port: number) => string]>([
    ['a foreign name', () => 'evil.example'],
    ['a foreign name with our port', (port) => `evil.example:${port}`],
    ['a name that begins as ours', (port) => `127.0.0.1.evil.example:${port}`],
    ['a name that ends as ours', (port) => `evil-localhost:${port}`],
    ['our name with a dot at its end', (port) => `localhost.:${port}`],
    ['another form of our address', (port) => `127.1:${port}`],
    ['a number', (port) => `2130706433:${port}`],
    ['all addresses', (port) => `0.0.0.0:${port}`],
    ['IPv6', (port) => `[::1]:${port}`],
    ['IPv6 that carries IPv4', (port) => `[::ffff:127.0.0.1]:${port}`],
    ['our address without the port', () => '127.0.0.1'],
    ['our address at another port', (port) => `127.0.0.1:${port + 1}`],
    ['a name and password', (port) => `a:b@127.0.0.1:${port}`],
    ['two in one', (port) => `127.0.0.1:${port}, evil.example`],
  ])('%s is refused, token or not', async (_what, nameOf) => {
    const host = await startTestHost()
    const headers = { Host: nameOf(host.port), Cookie: cookieOf(host), Connection: 'close' }
    expect((await ask(host, { path: `/?token=${host.token}`, headers })).status).toBe(403)
    const name = nameOf(host.port)
    const socket = openSocket(host, { Host: name, Cookie: cookieOf(host), Origin: `http://${name}` })
    expect(await refusalOf(socket)).toBe(403)
  })

  test.each([
    ['ours first', true],
    ['ours last', false],
  ] as const)('a doubled Host header, %s', async (_what, first) => {
    const host = await startTestHost()
    const names = [`Host: 127.0.0.1:${host.port}`, 'Host: evil.example']
    const client = openRaw(host)
    const lines = [
      ...(first ? names : names.toReversed()),
      `Cookie: ${cookieOf(host)}`,
      'Connection: close',
      '',
      '',
    ]
    client.write(['GET / HTTP/1.1', ...lines].join('\r\n'))
    expect([400, 403]).toContain(statusOf(await client.closed()))
  })

  test('no Host header, in HTTP/1.1 and 1.0', async () => {
    const host = await startTestHost()
    for (const [version, status] of [
      ['1.1', 400],
      ['1.0', 403],
    ] as const) {
      const client = openRaw(host)
      client.write(`GET /?token=${host.token} HTTP/${version}\r\n\r\n`)
      expect(statusOf(await client.closed())).toBe(status)
    }
  })
})

describe('pages of other sites', () => {
  test.each(['null', 'http://evil.example', 'https://127.0.0.1', 'file://', ''])(
    'the origin %j may neither write nor connect',
    async (Origin) => {
      const host = await startTestHost()
      const headers = { Cookie: cookieOf(host), Origin }
      const upload = { method: 'POST', path: '/upload?name=a', headers, body: 'a' }
      expect((await ask(host, upload)).status).toBe(403)
      expect(await refusalOf(openSocket(host, headers))).toBe(403)
      expect(await readdir(host.folder)).toEqual(['renderer'])
    },
  )

  test.each([
    ['cross-site', 'no-cors'],
    ['cross-site', 'cors'],
    ['same-site', 'cors'],
    ['cross-site', 'websocket'],
  ])('what the browser calls %s, %s is refused, reading too', async (site, mode) => {
    const host = await startTestHost()
    const headers = { Cookie: cookieOf(host), 'Sec-Fetch-Site': site, 'Sec-Fetch-Mode': mode }
    for (const path of ['/', '/assets/small-1.js', '/download/a', `/?token=${host.token}`])
      expect((await ask(host, { path, headers })).status).toBe(403)
    expect(await refusalOf(openSocket(host, { ...headers, Origin: originOf(host) }))).toBe(403)
  })

  test('no answer lets another origin read it', async () => {
    const host = await startTestHost()
    for (const Origin of ['http://evil.example', originOf(host)]) {
      const { headers } = await ask(host, {
        method: 'OPTIONS',
        path: '/rpc',
        headers: { Origin, Cookie: cookieOf(host) },
      })
      expect(Object.keys(headers).filter((name) => name.startsWith('access-control'))).toEqual([])
    }
  })
})

describe('the token', () => {
  test('ten thousand guesses neither slow nor lock out the owner, and none of them comes through', async () => {
    const host = await startTestHost()
    const guesses = (from: number): string =>
      Array.from({ length: 100 }, (_, n) => {
        const at = (from + n) % 43
        const wrong =
          host.token.slice(0, at) + (host.token[at] === 'A' ? 'B' : 'A') + host.token.slice(at + 1)
        const head = `GET ${n % 2 === 0 ? `/?token=${wrong}` : '/'} HTTP/1.1\r\nHost: 127.0.0.1:${host.port}\r\n`
        return `${head}Cookie: loracle-${host.port}=${wrong}\r\n\r\n`
      }).join('')
    const clients = Array.from({ length: 10 }, () => openRaw(host))
    const statuses = (): string[] =>
      clients.flatMap((client) => client.text().match(/HTTP\/1\.1 \d{3}/g) ?? [])
    let slowest = 0
    for (let round = 0; round < 10; round++) {
      for (const [n, client] of clients.entries()) client.write(guesses(round * 1000 + n * 100))
      const start = performance.now()
      expect(await isServed(host)).toBe(true)
      slowest = Math.max(slowest, performance.now() - start)
    }
    await expect.poll(() => statuses().length, { interval: 200 }).toBe(10_000)
    expect([...new Set(statuses())]).toEqual(['HTTP/1.1 401'])
    expect(slowest).toBeLessThan(10_000)
  })

  test('is in no header that goes elsewhere, in no answer, and in no log', async () => {
    const written: string[] = []
    const spies = [process.stdout, process.stderr].map((stream) =>
      vi.spyOn(stream, 'write').mockImplementation((text) => written.push(String(text)) > 0),
    )
    const host = await startTestHost()
    const path = `/?token=${host.token}`
    const answers = [
      await ask(host, { path }),
      await ask(host, { path: `/nothing${path}` }),
      await ask(host, { path: `/%${path}`, headers: { Cookie: cookieOf(host) } }),
      await ask(host, { method: 'BREW', path }).catch(() => null),
      await ask(host, { path, headers: { Host: 'evil.example' } }),
      await ask(host, {
        method: 'POST',
        path: `/upload${path.slice(1)}`,
        headers: fromWindow(host),
        body: 'x',
      }),
    ]
    for (const spy of spies) spy.mockRestore()
    for (const answer of answers) {
      expect(answer?.body ?? '').not.toContain(host.token)
      const headers = Object.entries(answer?.headers ?? {}).filter(([name]) => name !== 'set-cookie')
      expect(JSON.stringify(headers)).not.toContain(host.token)
    }
    expect(answers[0]?.headers['referrer-policy']).toBe('no-referrer')
    expect(written.filter((text) => text.includes(host.token))).toEqual([])
  })
})

describe('slow clients', () => {
  const limits = { headersMs: 300, idleMs: 400 }

  test.each<[string, (host: TestHost) => string]>([
    ['says nothing', () => ''],
    ['sends half of a request line', () => 'GET / HT'],
    ['does not end its headers', (host) => `GET / HTTP/1.1\r\nHost: 127.0.0.1:${host.port}\r\nX: `],
    [
      'holds a body back without a token',
      (host) =>
        `POST /upload?name=a HTTP/1.1\r\nHost: 127.0.0.1:${host.port}\r\nOrigin: ${originOf(host)}\r\nContent-Length: 1000\r\n\r\n`,
    ],
    ['holds an upload back', (host) => headOf(host, 'POST /upload?name=a', ['Content-Length: 1000']) + 'abc'],
    [
      'holds the next chunk back',
      (host) => `${headOf(host, 'POST /upload?name=a', ['Transfer-Encoding: chunked'])}3\r\nabc\r\nff\r\n`,
    ],
    [
      'is refused a WebSocket and stays',
      (host) =>
        `GET /rpc HTTP/1.1\r\nHost: 127.0.0.1:${host.port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`,
    ],
  ])('one that %s is let go', async (_what, textOf) => {
    const host = await startTestHost(undefined, { limits })
    const client = openRaw(host, { allowHalfOpen: true })
    client.write(textOf(host))
    await new Promise((resolve) => client.socket.once('end', resolve).once('close', resolve))
    // It never closes by itself: only a host that has let the connection go wholly answers this with a reset.
    const more = setInterval(() => client.write('more'), 20)
    await client.closed()
    clearInterval(more)
    await expect.poll(() => readdir(join(host.folder, 'uploads')).catch(() => [])).toEqual([])
    expect(await isServed(host)).toBe(true)
  })

  test('one that drips its headers is let go all the same', async () => {
    const host = await startTestHost(undefined, { limits })
    const client = openRaw(host)
    client.write(`GET / HTTP/1.1\r\nHost: 127.0.0.1:${host.port}\r\n`)
    const drip = setInterval(() => client.write('X: y\r\n'), 50)
    const answer = await client.closed()
    clearInterval(drip)
    expect([0, 408]).toContain(statusOf(answer))
  })

  test('an upload that goes on slowly is kept, however long it takes', async () => {
    const host = await startTestHost(undefined, { limits })
    const client = openRaw(host)
    client.write(headOf(host, 'POST /upload?name=a', ['Content-Length: 10', 'Connection: close']))
    for (let byte = 0; byte < 10; byte++) {
      await new Promise((resolve) => setTimeout(resolve, 80))
      client.write('x')
    }
    expect(await client.closed()).toMatch(/"bytes":10/)
  })

  test('one that does not read its download is let go', async () => {
    const folderOf = Promise.withResolvers<string>()
    const findDownload = async () => ({ path: join(await folderOf.promise, 'large'), name: 'large' })
    const host = await startTestHost(smallApp(undefined, { findDownload }), { limits })
    await writeFile(join(host.folder, 'large'), Buffer.alloc(40_000_000))
    folderOf.resolve(host.folder)
    const client = openRaw(host)
    client.socket.pause()
    client.write(headOf(host, 'GET /download/large'))
    await new Promise((resolve) => setTimeout(resolve, 1_500))
    client.socket.resume()
    expect((await client.closed()).length).toBeLessThan(40_000_000)
  })
})

describe('many clients', () => {
  test('eight hundred idle connections: so many are held as is stated, and the owner is served', async () => {
    const host = await startTestHost(undefined, { limits: { connections: 200 } })
    const clients = Array.from({ length: 800 }, () => openRaw(host))
    let open = clients.length
    for (const client of clients) void client.closed().then(() => open--)
    await expect.poll(() => open, { timeout: 50_000 }).toBe(200)
    expect(await isServed(host)).toBe(true)
  })

  test('where all connections are the owner’s, one more is told so', async () => {
    const host = await startTestHost(undefined, { limits: { connections: 3 } })
    const sockets = Array.from({ length: 3 }, () => openSocket(host))
    await Promise.all(sockets.map((socket) => new Promise((resolve) => socket.on('open', resolve))))
    const client = openRaw(host)
    client.write(headOf(host, 'GET /'))
    expect(await client.closed()).toMatch(
      /^HTTP\/1\.1 503 [\s\S]*Loracle has as many connections as it takes \(3\)\..*\.\n$/,
    )
    sockets[0]?.terminate()
    await expect.poll(() => isServed(host).catch(() => false)).toBe(true)
  })

  test('more windows than are taken are refused, and one that closes makes room', async () => {
    const host = await startTestHost(undefined, { limits: { windows: 2 } })
    const opened = (socket: WebSocket) => new Promise((resolve) => socket.on('open', resolve))
    const sockets = [openSocket(host), openSocket(host)]
    await Promise.all(sockets.map(opened))
    expect(await refusalOf(openSocket(host))).toBe(503)
    sockets[0]?.close()
    await new Promise((resolve) => sockets[0]?.on('close', resolve))
    await opened(openSocket(host))
  })

  test('more uploads at once than are taken are refused with a sentence', async () => {
    const host = await startTestHost(undefined, { limits: { uploads: 2 } })
    const begun = [1, 2].map(() => {
      const client = openRaw(host)
      client.write(headOf(host, 'POST /upload?name=a', ['Content-Length: 3', 'Connection: close']))
      return client
    })
    await expect.poll(() => readdir(join(host.folder, 'uploads')).catch(() => [])).toHaveLength(2)
    const upload = () =>
      ask(host, { method: 'POST', path: '/upload?name=b', headers: fromWindow(host), body: 'b' })
    expect(await upload()).toMatchObject({
      status: 503,
      body: 'Loracle takes 2 files at a time. Wait for some to arrive, then drop this one again.\n',
    })
    for (const client of begun) client.write('abc')
    for (const client of begun) expect(statusOf(await client.closed())).toBe(200)
    expect((await upload()).status).toBe(200)
  })
})

describe('uploads', () => {
  test('a file where a folder is, and the other way round, is refused with a sentence', async () => {
    const host = await startTestHost()
    const send = (query: string) =>
      ask(host, { method: 'POST', path: `/upload?${query}`, headers: fromWindow(host), body: 'x' })
    const { upload } = JSON.parse((await send('path=a/b')).body) as { readonly upload: string }
    for (const path of ['a', 'a/b/c', 'a/b/c/d']) {
      const { status, body } = await send(`path=${path}&upload=${upload}`)
      expect([status, body]).toEqual([400, expect.stringMatching(/^.{20,}\.\n$/) as string])
    }
    expect(await readdir(join(host.folder, 'uploads', upload))).toEqual(['a'])
  })

  test.each(['__proto__', 'constructor', 'toString', '../uploads', '.', '%00', 'a/b'])(
    'the upload %s does not exist',
    async (id) => {
      const host = await startTestHost()
      const path = `/upload?path=a&upload=${encodeURIComponent(id)}`
      const { status } = await ask(host, { method: 'POST', path, headers: fromWindow(host), body: 'x' })
      expect(status).toBe(404)
    },
  )
})

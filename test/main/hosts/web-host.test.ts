import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { AppError } from '../../../main/contract/errors.ts'
import { startWebHost } from '../../../main/hosts/web/web-host.ts'
import type { WebSocket } from 'ws'
import { createClient } from '../../../main/rpc/client.ts'
import { maxFrameLength } from '../../../main/rpc/frames.ts'
import type { HostedApp } from '../../../main/rpc/hosted-app.ts'
import { webSocketTransport } from '../../../main/rpc/web-socket-transport.ts'
import { smallApp } from '../rpc/small-app.ts'
import type { SmallMethods, SmallState } from '../rpc/small-app.ts'
import {
  ask,
  connect,
  cookieOf,
  fromWindow,
  openSocket,
  originOf,
  refusalOf,
  startTestHost,
} from './web-client.ts'

describe('the window', () => {
  test('the printed address gives the window and a cookie that stands for the token', async () => {
    const host = await startTestHost()
    expect(host.address).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/\?token=[\w-]{43}$/)
    const first = await ask(host, { path: `/?token=${host.token}` })
    expect(first.status).toBe(200)
    expect(first.body).toContain('<h1>Small</h1>')
    expect(first.headers['set-cookie']).toEqual([`${cookieOf(host)}; HttpOnly; SameSite=Strict; Path=/`])
    const script = await ask(host, { path: '/assets/small-1.js', headers: { Cookie: cookieOf(host) } })
    expect(script.status).toBe(200)
    expect(script.headers['content-type']).toContain('text/javascript')
    expect(script.headers['cache-control']).toContain('immutable')
    expect(first.headers['cache-control']).toBe('no-cache')
  })

  test('every answer has the headers that bound what a page may do', async () => {
    const host = await startTestHost()
    for (const path of ['/', `/?token=${host.token}`, '/nothing']) {
      const { headers } = await ask(host, { path })
      expect(headers['content-security-policy']).toContain("default-src 'none'; script-src 'self';")
      expect(headers['x-content-type-options']).toBe('nosniff')
      expect(headers['referrer-policy']).toBe('no-referrer')
      expect(headers['cross-origin-opener-policy']).toBe('same-origin')
      expect(headers['cross-origin-resource-policy']).toBe('same-origin')
    }
  })

  test.each(['/', '/index.html', '/assets/small-1.js', '/download/abc', '/?token=', '/?token=wrong'])(
    '%s without token or cookie is refused with a sentence',
    async (path) => {
      const host = await startTestHost()
      const { status, body, headers } = await ask(host, { path })
      expect(status).toBe(401)
      expect(headers['content-type']).toContain('text/plain')
      expect(body).toMatch(/^This address needs the token .*\.\n$/)
    },
  )

  test('a cookie of another port or with another value is refused', async () => {
    const host = await startTestHost()
    for (const cookie of [
      `loracle-1=${host.token}`,
      `loracle-${host.port}=${host.token}x`,
      `x${cookieOf(host)}`,
    ])
      expect((await ask(host, { headers: { Cookie: cookie } })).status).toBe(401)
  })

  test.each(['evil.example', 'evil.example:80', '127.0.0.1', 'localhost.evil.example'])(
    'the host name %s is refused, token or not',
    async (name) => {
      const host = await startTestHost()
      const { status } = await ask(host, { path: `/?token=${host.token}`, headers: { Host: name } })
      expect(status).toBe(403)
    },
  )

  test('localhost with the port is taken', async () => {
    const host = await startTestHost()
    const headers = { Host: `localhost:${host.port}`, Cookie: cookieOf(host) }
    expect((await ask(host, { headers })).status).toBe(200)
  })

  test('a page of another server on this machine may link here and load nothing', async () => {
    const host = await startTestHost()
    const Cookie = cookieOf(host)
    const foreign = { Cookie, 'Sec-Fetch-Site': 'same-site', 'Sec-Fetch-Mode': 'no-cors' }
    expect((await ask(host, { path: '/assets/small-1.js', headers: foreign })).status).toBe(403)
    expect((await ask(host, { headers: { ...foreign, 'Sec-Fetch-Mode': 'navigate' } })).status).toBe(200)
  })

  test.each([
    '/../secret.txt',
    '/..%2fsecret.txt',
    '/%2e%2e/secret.txt',
    '/assets/..%2f..%2fsecret.txt',
    '/assets/%2e%2e%5c%2e%2e%5csecret.txt',
    '/..\\secret.txt',
    '/%00',
    '/.hidden',
    '/assets',
    '/assets/',
    '/%',
    '//',
    '//secret.txt',
    '/C:/secret.txt',
    '/index.html::$DATA',
    '/index.html/',
  ])('%s leads to nothing', async (path) => {
    const host = await startTestHost()
    await writeFile(join(host.folder, 'secret.txt'), 'secret')
    const { status, body } = await ask(host, { path, headers: { Cookie: cookieOf(host) } })
    expect(status).toBe(404)
    expect(body).not.toContain('secret')
  })

  test('a port that is taken is the system’s error', async () => {
    const other = createServer()
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
    const address = other.address()
    const port = typeof address === 'object' && address ? address.port : 0
    const app = Promise.resolve({ ...smallApp(), uploadsDir: '' })
    const starting = startWebHost({ app, port, rendererDir: '', version: '1' })
    await expect(starting).rejects.toMatchObject({ code: 'EADDRINUSE' })
    other.close()
  })
})

describe('calls over a WebSocket', () => {
  test('a call is answered, and the end of the connection cancels what it left', async () => {
    const state: SmallState = { watchers: 0, started: 0, disposed: false }
    const host = await startTestHost(smallApp(state))
    const client = connect(host)
    const seen: number[] = []
    expect(await client.call('count', { to: 1000 }, { onEvent: (n) => seen.push(n) })).toEqual({
      counted: 1000,
    })
    expect(seen).toEqual(Array.from({ length: 1000 }, (_, index) => index + 1))
    client.call('watch', {}).catch(() => undefined)
    await expect.poll(() => state.watchers).toBe(1)
    client.close()
    await expect.poll(() => state.watchers).toBe(0)
  })

  test('200 windows at once, each with its own calls', async () => {
    const host = await startTestHost()
    const answers = await Promise.all(
      Array.from({ length: 200 }, async (_, index) => {
        const client = connect(host)
        let sum = 0
        const counted = client.call('count', { to: 50 }, { onEvent: (n) => (sum += n) })
        const { text } = await client.call('echo', { text: `window ${index}` })
        await counted
        return [text, sum]
      }),
    )
    expect(answers).toEqual(Array.from({ length: 200 }, (_, index) => [`window ${index}`, 1275]))
  })

  test.each<[string, number, (port: number, token: string) => Record<string, string>]>([
    ['no cookie', 401, (port) => ({ Origin: `http://127.0.0.1:${port}` })],
    ['no origin', 403, (port, token) => ({ Cookie: `loracle-${port}=${token}` })],
    [
      'the origin of another site',
      403,
      (port, token) => ({ Cookie: `loracle-${port}=${token}`, Origin: 'http://evil.example' }),
    ],
    [
      'the origin of another port',
      403,
      (port, token) => ({ Cookie: `loracle-${port}=${token}`, Origin: 'http://127.0.0.1:1' }),
    ],
    [
      'another host name',
      403,
      (port, token) => ({
        Cookie: `loracle-${port}=${token}`,
        Host: `evil.example:${port}`,
        Origin: `http://evil.example:${port}`,
      }),
    ],
  ])('%s is refused', async (_name, status, headersOf) => {
    const host = await startTestHost()
    expect(await refusalOf(openSocket(host, headersOf(host.port, host.token)))).toBe(status)
  })

  test('a message that is too long closes the connection of its sender alone', async () => {
    const host = await startTestHost()
    const other = connect(host)
    await other.call('echo', { text: 'here' })
    const socket = openSocket(host)
    const code = await new Promise((resolve) => {
      socket.on('open', () => socket.send('x'.repeat(maxFrameLength + 1)))
      socket.on('close', resolve)
    })
    expect(code).toBe(1009)
    expect(await other.call('echo', { text: 'still' })).toEqual({ text: 'still' })
  })

  test.each<[string, string | Buffer]>([
    ['no JSON', '{"id":'],
    ['JSON that is no frame', 'null'],
    ['bytes', Buffer.from([1, 2, 3])],
  ])('%s closes the connection', async (_name, data) => {
    const host = await startTestHost()
    const socket = openSocket(host)
    await new Promise((resolve) => {
      socket.on('open', () => socket.send(data))
      socket.on('close', resolve)
    })
  })

  test('a window that no longer reads is let go, with its calls', async () => {
    const state: SmallState = { watchers: 0, started: 0, disposed: false }
    const host = await startTestHost(smallApp(state))
    const socket = openSocket(host)
    await new Promise((resolve) => socket.on('open', resolve))
    socket.send('{"id":0,"method":"watch","args":{}}')
    await expect.poll(() => state.watchers).toBe(1)
    socket.pause()
    for (let id = 1; id <= 16; id += 1) socket.send(`{"id":${id},"method":"fill","args":{"length":7000000}}`)
    await expect.poll(() => state.watchers, { timeout: 10_000 }).toBe(0)
  })

  test('the window loads and its calls wait while the app opens', async () => {
    const opening = Promise.withResolvers<HostedApp>()
    const host = await startTestHost(opening.promise)
    expect((await ask(host, { headers: { Cookie: cookieOf(host) } })).status).toBe(200)
    const call = connect(host).call('echo', { text: 'early' })
    opening.resolve(smallApp())
    expect(await call).toEqual({ text: 'early' })
  })

  test('where the app cannot open, the window is told why', async () => {
    const error = new AppError('store_in_use', 'Another Loracle has this folder open. Close it first.')
    const opening = Promise.withResolvers<HostedApp>()
    const host = await startTestHost(opening.promise)
    opening.reject(error)
    await expect(connect(host).call('echo', { text: '' })).rejects.toMatchObject({
      code: 'store_in_use',
      message: error.message,
    })
  })

  test('a window whose connection broke connects again, and its watch begins anew', async () => {
    const host = await startTestHost()
    let socket: WebSocket | undefined
    const open = () => webSocketTransport((socket = openSocket(host)))
    const client = createClient<SmallMethods>(open, { firstDelayMs: 10 })
    const started: number[] = []
    const watch = client.call('watch', {}, { retry: true, onEvent: (event) => started.push(event.started) })
    await expect.poll(() => started).toEqual([1])
    socket?.terminate()
    await expect.poll(() => started).toEqual([1, 2])
    client.close()
    await expect(watch).rejects.toMatchObject({ code: 'cancelled' })
  })

  test('a window does not get into a host that was started anew at the same port', async () => {
    const first = await startTestHost()
    const client = connect(first)
    const states: string[] = []
    client.onStatus(({ state }) => states.push(state))
    expect(await client.call('echo', { text: 'one' })).toEqual({ text: 'one' })
    await first.close()
    // Its token is a new one, so the window is refused until it is opened by the new address.
    await startTestHost(smallApp(), { port: first.port })
    await expect.poll(() => states.filter((state) => state === 'lost').length).toBeGreaterThan(1)
    expect(states.at(-1)).not.toBe('ready')
  })
})

describe('downloads', () => {
  test('an export comes as an attachment under its name', async () => {
    const folderOf = Promise.withResolvers<string>()
    const app = smallApp(undefined, {
      findDownload: async (id) =>
        id === 'export-1'
          ? { path: join(await folderOf.promise, 'report'), name: 'Bericht "ü".html' }
          : undefined,
    })
    const host = await startTestHost(app)
    await writeFile(join(host.folder, 'report'), '<h1>report</h1>')
    folderOf.resolve(host.folder)
    const found = await ask(host, { path: '/download/export-1', headers: { Cookie: cookieOf(host) } })
    expect(found).toMatchObject({ status: 200, body: '<h1>report</h1>' })
    expect(found.headers['content-type']).toBe('application/octet-stream')
    expect(found.headers['content-disposition']).toBe(
      "attachment; filename*=UTF-8''Bericht%20%22%C3%BC%22.html",
    )
    for (const path of ['/download/other', '/download/..%2f..%2fetc%2fpasswd', '/download/', '/download/a/b'])
      expect((await ask(host, { path, headers: { Cookie: cookieOf(host) } })).status).toBe(404)
  })
})

describe('requests of other kinds', () => {
  test('a POST from another page is refused, and other methods are', async () => {
    const host = await startTestHost()
    const foreign = { Cookie: cookieOf(host), Origin: 'http://evil.example' }
    expect(
      (await ask(host, { method: 'POST', path: '/upload?name=a', headers: foreign, body: 'a' })).status,
    ).toBe(403)
    const none = { Cookie: cookieOf(host) }
    expect(
      (await ask(host, { method: 'POST', path: '/upload?name=a', headers: none, body: 'a' })).status,
    ).toBe(403)
    expect(originOf(host)).toContain('127.0.0.1')
    for (const [method, path] of [
      ['POST', '/'],
      ['PUT', '/upload'],
      ['DELETE', '/download/a'],
    ] as const)
      expect((await ask(host, { method, path, headers: fromWindow(host) })).status).toBe(405)
  })
})

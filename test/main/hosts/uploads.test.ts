import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { safeFileName, safeRelativePath } from '../../../main/hosts/web/upload-name.ts'
import { smallApp } from '../rpc/small-app.ts'
import { ask, cookieOf, fromWindow, originOf, startTestHost } from './web-client.ts'
import type { TestHost } from './web-client.ts'

const upload = (host: TestHost, query: Record<string, string>, body: Buffer | string) =>
  ask(host, {
    method: 'POST',
    path: `/upload?${new URLSearchParams(query).toString()}`,
    headers: fromWindow(host),
    body,
  })

const place = (host: TestHost, id: string, ...parts: string[]): string =>
  join(host.folder, 'uploads', id, ...parts)

describe('uploads', () => {
  test('a dropped file is stored byte by byte under its name', async () => {
    const host = await startTestHost()
    const bytes = Buffer.from(Array.from({ length: 3_000_000 }, (_, index) => index % 251))
    const { status, body } = await upload(host, { name: 'Fragen 1.csv' }, bytes)
    expect(status).toBe(200)
    const answer = JSON.parse(body) as { upload: string }
    expect(answer).toEqual({
      upload: expect.stringMatching(/^[\w-]{22}$/) as string,
      name: 'Fragen 1.csv',
      bytes: 3_000_000,
    })
    expect((await readFile(place(host, answer.upload, 'Fragen 1.csv'))).equals(bytes)).toBe(true)
  })

  test('an empty file is a file', async () => {
    const host = await startTestHost()
    const { upload: id, bytes } = JSON.parse((await upload(host, { name: 'a.txt' }, '')).body) as {
      upload: string
      bytes: number
    }
    expect(bytes).toBe(0)
    expect(await readFile(place(host, id, 'a.txt'), 'utf8')).toBe('')
  })

  test('the files of a dropped folder stay together', async () => {
    const host = await startTestHost()
    const first = JSON.parse((await upload(host, { path: 'model/config.json' }, '{}')).body) as {
      upload: string
    }
    const second = await upload(host, { path: 'model/sub/weights.bin', upload: first.upload }, 'w')
    expect(second.status).toBe(200)
    expect(await readFile(place(host, first.upload, 'model', 'config.json'), 'utf8')).toBe('{}')
    expect(await readFile(place(host, first.upload, 'model', 'sub', 'weights.bin'), 'utf8')).toBe('w')
    expect((await upload(host, { path: 'a', upload: 'unknown' }, '')).status).toBe(404)
    expect((await upload(host, { path: 'a', upload: '..' }, '')).status).toBe(404)
  })

  test.each([
    '../../escape.txt',
    '..',
    '/etc/passwd',
    'a/../../b',
    '..\\..\\escape.txt',
    'C:\\x\\y.txt',
    '',
    'CON',
  ])('the name %j stays in its folder', async (name) => {
    const host = await startTestHost()
    const { status, body } = await upload(host, { name }, 'x')
    expect(status).toBe(200)
    const answer = JSON.parse(body) as { upload: string; name: string }
    expect(await readdir(place(host, answer.upload))).toEqual([answer.name])
    expect((await readdir(host.folder)).sort()).toEqual(['renderer', 'uploads'])
  })

  test.each(['../x', 'a/../../x', 'a/./x', '', '/', Array.from({ length: 40 }, () => 'a').join('/')])(
    'the path %j is refused',
    async (path) => {
      const host = await startTestHost()
      expect((await upload(host, { path }, 'x')).status).toBe(400)
      expect(existsSync(join(host.folder, 'uploads'))).toBe(false)
    },
  )

  test('what does not fit on the disk is refused with a sentence, and nothing of it stays', async () => {
    const freeBytes = () => Promise.resolve(200 * 1024 ** 2 + 1000)
    const host = await startTestHost(undefined, { freeBytes })
    const refused = await upload(host, { name: 'a' }, Buffer.alloc(5_000_000))
    expect(refused.status).toBe(413)
    expect(refused.body).toMatch(/^This file does not fit on the disk: it needs 5 MB, .*\.\n$/)
    expect((await upload(host, { name: 'a' }, Buffer.alloc(1000))).status).toBe(200)
    expect(await readdir(join(host.folder, 'uploads'))).toHaveLength(1)
  })

  test('a length that was not announced is counted', async () => {
    const freeBytes = () => Promise.resolve(200 * 1024 ** 2 + 1000)
    const host = await startTestHost(undefined, { freeBytes })
    const headers = { ...fromWindow(host), 'Transfer-Encoding': 'chunked' }
    const body = Buffer.alloc(100_000)
    const refused = await ask(host, { method: 'POST', path: '/upload?name=a', headers, body })
    expect(refused.status).toBe(413)
    expect(await readdir(join(host.folder, 'uploads'))).toEqual([])
  })

  test('an upload that breaks off leaves nothing', async () => {
    const host = await startTestHost()
    const socket = connect(host.port, '127.0.0.1')
    socket.write(
      `POST /upload?name=a.bin HTTP/1.1\r\nHost: 127.0.0.1:${host.port}\r\nOrigin: ${originOf(host)}\r\nCookie: ${cookieOf(host)}\r\nContent-Length: 1000000\r\n\r\n`,
    )
    socket.write(Buffer.alloc(1000))
    const uploads = join(host.folder, 'uploads')
    await expect.poll(() => (existsSync(uploads) ? readdir(uploads) : [])).toHaveLength(1)
    socket.destroy()
    await expect.poll(() => readdir(uploads)).toEqual([])
  })

  test('what an earlier session left is removed', async () => {
    const opening = Promise.withResolvers<ReturnType<typeof smallApp>>()
    const host = await startTestHost(opening.promise)
    await mkdir(place(host, 'old'), { recursive: true })
    await writeFile(place(host, 'old', 'a.txt'), 'old')
    opening.resolve(smallApp())
    await expect.poll(() => readdir(join(host.folder, 'uploads'))).toEqual([])
  })
})

describe('names', () => {
  test.each([
    ['a.txt', 'a.txt'],
    ['Übersicht 2026 (1).pdf', 'Übersicht 2026 (1).pdf'],
    ['a:b|c?.txt', 'a_b_c_.txt'],
    ['nul.txt', '_nul.txt'],
    ['...', 'file'],
    ['.env', 'env'],
    ['a\u202Etxt.exe', 'a_txt.exe'],
    ['trailing. . ', 'trailing'],
    ['\uD800', '\uFFFD'],
  ])('%j becomes %j', (given, safe) => expect(safeFileName(given)).toBe(safe))

  test('a long name keeps its ending', () => {
    const name = safeFileName(`${'ü'.repeat(5000)}.jsonl`)
    expect(Buffer.byteLength(name)).toBeLessThanOrEqual(180)
    expect(name.endsWith('ü.jsonl')).toBe(true)
    expect(Buffer.byteLength(safeFileName('\u{1F600}'.repeat(5000)))).toBeLessThanOrEqual(180)
  })

  test('a path keeps its parts', () => {
    expect(safeRelativePath('docs\\a/b.txt')).toEqual(['docs', 'a', 'b.txt'])
    expect(safeRelativePath('docs/../b.txt')).toBeUndefined()
  })
})

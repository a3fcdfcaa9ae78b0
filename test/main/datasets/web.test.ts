import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import type { WebProgress, WebRequest } from '../../../main/contract/imports.ts'
import { isPublicAddress } from '../../../main/datasets/web/address.ts'
import { webHandlers } from '../../../main/datasets/web/handlers.ts'
import type { WebDeps } from '../../../main/datasets/web/handlers.ts'
import { readWebFile } from '../../../main/datasets/web/read-web-file.ts'
import { resolveUpload } from '../../../main/store/uploads.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'
import { answer, redirect, webSite } from '../../support/web-site.ts'
import type { SitePage } from '../../support/web-site.ts'

const isHere = (address: string) => address === '127.0.0.1'

async function openHome(more: Partial<WebDeps> = {}) {
  const folder = await temporaryFolder()
  const uploads = join(folder, 'uploads')
  const deps = { uploads, version: '1.2.3', isAllowed: isHere, pause: 0, timeout: 5_000, ...more }
  const handlers = webHandlers(deps)
  const events: WebProgress[] = []
  const read = (url: string, request: Partial<WebRequest> = {}, signal = new AbortController().signal) =>
    handlers['data.readWeb'](
      { url, scope: 'page', maxPages: 100, ...request },
      { emit: (event) => events.push(event), signal },
    )
  const fileOf = async (file: unknown) =>
    (await resolveUpload(folder, (file as { upload: string }).upload)).path
  const linesOf = async (file: unknown) =>
    (await readFile(await fileOf(file), 'utf8'))
      .trim()
      .split('\n')
      .map((line): unknown => JSON.parse(line))
  const partsOf = async (file: unknown) => {
    const parts = []
    for await (const part of readWebFile(await fileOf(file))) {
      const texts = []
      for await (const block of part.blocks) texts.push(block.text)
      parts.push({ ...part, blocks: texts })
    }
    return parts
  }
  const kept = () => readdir(uploads).catch(() => [])
  return { read, events, fileOf, linesOf, partsOf, kept }
}

const page = (title: string, body: string) =>
  `<!doctype html><html><head><title>${title}</title></head><body><nav><a href="#top">Menu</a></nav><main><h1>${title}</h1><p>${body}</p></main></body></html>`
const links = (...paths: readonly string[]) => paths.map((path) => `<a href="${path}">${path}</a>`).join(' ')

test('reads one page into a file that is read as a document', async () => {
  const site = await webSite({
    '/guide/a.html?x=1': page('A guide', 'Rome lies on the Tiber.'),
    '/robots.txt': 'x',
  })
  const { read, linesOf, partsOf, events } = await openHome()
  const url = `${site.origin}/guide/a.html?x=1`
  const reading = await read(`${url}#part`)
  expect(reading).toMatchObject({ name: 'A guide', pages: 1, skipped: [] })
  expect(await linesOf(reading.file)).toMatchObject([
    { loracle: 'web', version: 1, url: `${url}#part` },
    { url, title: 'A guide', type: 'html' },
  ])
  expect(await partsOf(reading.file)).toEqual([
    { title: 'A guide', unit: null, place: url, blocks: ['Rome lies on the Tiber.'] },
  ])
  expect(events).toMatchObject([{ read: 1, waiting: 0, url }])
  expect(new Set(site.visits.map(({ userAgent }) => userAgent))).toEqual(new Set(['Loracle/1.2.3']))
})

test('reads a site below its folder breadth first, each page once, and says what it passed over', async () => {
  const pages: Record<string, SitePage> = {}
  for (let i = 1; i <= 20; i++)
    pages[`/docs/${i}.html`] = page(
      `Page ${i}`,
      `Text ${i}. ${links(`${i * 2}.html`, `${i * 2 + 1}.html#here`, '1.html')}`,
    )
  for (let i = 21; i <= 41; i++) pages[`/docs/${i}.html`] = answer('', {}, 500)
  pages['/docs/1.html'] = page(
    'Start',
    `Text. ${links('2.html', '3.html', '/other/', 'http://10.0.0.1/', 'a.pdf', 'a.png', 'mailto:a@b.c', 'javascript:x()', 'file:///etc/passwd', 'out', 'data')}`,
  )
  pages['/docs/out'] = redirect('/other/')
  pages['/docs/data'] = answer('x', { 'content-type': 'application/octet-stream' })
  const site = await webSite(pages)
  const { read, linesOf, events } = await openHome()
  const reading = await read(`${site.origin}/docs/1.html`, { scope: 'site' })
  expect(reading).toMatchObject({ pages: 20, name: `127.0.0.1_${site.port} docs 1.html` })
  const [, ...lines] = (await linesOf(reading.file)) as { url: string }[]
  const order = lines.map(({ url }) => Number(/(\d+)\.html/.exec(url)?.[1]))
  expect(order).toEqual(Array.from({ length: 20 }, (_, i) => i + 1))
  expect(reading.skipped.map(({ kind, where }) => `${kind} ${where.replace(site.origin, '')}`)).toEqual([
    'page_document /docs/a.pdf',
    'web_failed /docs/out',
    'web_failed /docs/data',
    ...Array.from({ length: 21 }, (_, i) => `web_failed /docs/${i + 21}.html`),
  ])
  expect(site.paths().filter((path) => path.startsWith('/other') || path.includes('.png'))).toEqual([])
  expect(new Set(site.paths()).size).toBe(site.paths().length)
  expect(events.at(-1)).toMatchObject({ read: 20 })
})

test('reads no more pages than it is asked to, and says how many are left', async () => {
  const pages: Record<string, string> = {}
  for (let i = 0; i < 30; i++) pages[`/${i}`] = page(`${i}`, `Text ${i} ${links(`/${i + 1}`, `/${i + 2}`)}`)
  const site = await webSite(pages)
  const { read } = await openHome()
  const reading = await read(`${site.origin}/0`, { scope: 'site', maxPages: 4 })
  expect(reading.pages).toBe(4)
  expect(reading.skipped.at(-1)).toMatchObject({ kind: 'page_limit' })
})

test.each([
  'http://localhost/',
  'http://127.1/',
  'http://2130706433/',
  'http://0x7f000001/',
  'http://0177.0.0.1/',
  'http://[::1]/',
  'http://[::ffff:127.0.0.1]/',
  'http://169.254.169.254/latest/meta-data/',
])('never connects to %s', async (address) => {
  const site = await webSite({ '/': page('Secret', 'Secret') })
  const { read, kept } = await openHome({ isAllowed: isPublicAddress })
  const url = new URL(address)
  url.port = `${site.port}`
  await expect(read(url.href)).rejects.toMatchObject({ code: 'web_refused' })
  expect(site.visits).toEqual([])
  expect(await kept()).toEqual([])
})

test.each([
  ['a private address', 'http://10.0.0.1/', 'web_refused'],
  ['this machine in IPv6', 'http://[::1]/', 'web_refused'],
  ['a file', 'file:///etc/passwd', 'web_refused'],
  ['a script', 'javascript:alert(1)', 'web_refused'],
  ['a password', 'http://a:b@127.0.0.1/', 'web_refused'],
  ['itself', '/', 'web_failed'],
])('refuses a redirect to %s', async (_, location, code) => {
  const site = await webSite({ '/': redirect(location) })
  const { read, kept } = await openHome()
  await expect(read(`${site.origin}/`)).rejects.toMatchObject({ code })
  expect(await kept()).toEqual([])
})

test('follows up to five redirects of the first page, and takes the last one as the place', async () => {
  const chain = Object.fromEntries(Array.from({ length: 6 }, (_, i) => [`/${i}`, redirect(`/${i + 1}`)]))
  const site = await webSite({ ...chain, '/6': page('End', 'The end.') })
  const { read, partsOf } = await openHome()
  expect(await partsOf((await read(`${site.origin}/1`)).file)).toMatchObject([{ place: `${site.origin}/6` }])
  await expect(read(`${site.origin}/0`)).rejects.toMatchObject({ code: 'web_failed' })
})

const rules = (text: string): SitePage => answer(text, { 'content-type': 'text/plain' })

test('reads what robots.txt allows, and nothing else', async () => {
  const robots =
    'User-agent: *\nDisallow: /\n\nUser-agent: loracle\nDisallow: /private/\nAllow: /private/but$\n'
  const site = await webSite({
    '/robots.txt': rules(robots),
    '/': page('Home', `Home. ${links('/private/a', '/private/but', '/open')}`),
    '/private/a': page('A', 'Not for programs.'),
    '/private/but': page('But', 'For programs.'),
    '/open': page('Open', 'For all.'),
  })
  const { read } = await openHome()
  const reading = await read(`${site.origin}/`, { scope: 'site' })
  expect(reading.pages).toBe(3)
  expect(reading.skipped).toMatchObject([{ kind: 'web_refused', where: `${site.origin}/private/a` }])
  expect(site.paths()).toEqual(['/robots.txt', '/', '/private/but', '/open'])
  await expect(read(`${site.origin}/private/a`)).rejects.toMatchObject({ code: 'web_refused' })
})

test.each<[string, SitePage, string | null]>([
  ['is not there', answer('', {}, 404), null],
  ['is forbidden', answer('', {}, 403), null],
  ['is at fault', answer('', {}, 500), 'web_failed'],
  ['asks to wait', answer('', {}, 429), 'web_failed'],
  ['leads in circles', redirect('/robots.txt'), null],
  ['leads to a private address', redirect('http://10.0.0.1/robots.txt'), 'web_refused'],
  ['is nonsense', answer(Buffer.alloc(100_000, 0xff)), null],
  ['is a trap of wildcards', rules(`User-agent: *\nDisallow: /${'*a'.repeat(20_000)}\n`.repeat(10)), null],
])('a robots.txt that %s', async (_, robots, code) => {
  const site = await webSite({ '/robots.txt': robots, '/page': page('Page', 'Text.') })
  const { read } = await openHome()
  const reading = read(`${site.origin}/page`)
  if (code === null) expect((await reading).pages).toBe(1)
  else await expect(reading).rejects.toMatchObject({ code })
})

test('keeps a pause between visits, and a longer one where robots.txt asks for it', async () => {
  const pages = { '/': page('0', links('/a', '/b')), '/a': page('a', 'a'), '/b': page('b', 'b') }
  /** Mean milliseconds between two visits of pages: a single gap is as short as the one before was long. */
  const gapOf = async (more: Readonly<Record<string, SitePage>>) => {
    const site = await webSite({ ...pages, ...more })
    const { read } = await openHome({ pause: 150 })
    await read(`${site.origin}/`, { scope: 'site' })
    const times = site.visits.slice(1).map(({ at }) => at)
    expect(times).toHaveLength(3)
    return ((times.at(-1) ?? 0) - (times[0] ?? 0)) / (times.length - 1)
  }
  expect(await gapOf({})).toBeGreaterThan(120)
  const slow = await gapOf({ '/robots.txt': rules('User-agent: *\nCrawl-delay: 0.5') })
  expect(slow).toBeGreaterThan(440)
})

test('asks once more where a site says when, and not where that is too long', async () => {
  let asked = 0
  const busy =
    (after: string): SitePage =>
    (_, response) => {
      const isBusy = asked++ === 0
      response.writeHead(isBusy ? 503 : 200, { 'content-type': 'text/html', 'retry-after': after })
      response.end(isBusy ? '' : page('Free', 'Free again.'))
    }
  const site = await webSite({
    '/soon': busy('1'),
    '/late': busy('3600'),
    '/never': answer('', { 'retry-after': '0' }, 429),
  })
  const { read } = await openHome()
  const start = performance.now()
  expect((await read(`${site.origin}/soon`)).pages).toBe(1)
  expect(performance.now() - start).toBeGreaterThan(900)
  asked = 0
  await expect(read(`${site.origin}/late`)).rejects.toMatchObject({ code: 'web_failed' })
  await expect(read(`${site.origin}/never`)).rejects.toMatchObject({ code: 'web_failed' })
  expect(site.paths().filter((path) => path === '/never')).toHaveLength(2)
})

test.each<[string, (text: Buffer) => Buffer]>([
  ['gzip', gzipSync],
  ['br', brotliCompressSync],
  ['deflate', deflateSync],
  ['deflate', deflateRawSync],
])('unpacks %s', async (encoding, pack) => {
  const body = pack(Buffer.from(page('Packed', 'Grüße aus Rom.')))
  const site = await webSite({
    '/': answer(body, { 'content-encoding': encoding, 'content-type': 'text/html;charset=utf-8' }),
  })
  const { read, partsOf } = await openHome()
  expect(await partsOf((await read(`${site.origin}/`)).file)).toMatchObject([{ blocks: ['Grüße aus Rom.'] }])
})

const gzipped = { 'content-encoding': 'gzip' }

test.each<[string, SitePage]>([
  ['is not there', answer('', {}, 404)],
  ['is at fault', answer('', {}, 500)],
  ['is a picture', answer('x', { 'content-type': 'image/png' })],
  ['is of no type', (_, response) => response.writeHead(200).end('text')],
  ['is huge', answer(Buffer.alloc(6_000_000, 'a'))],
  ['is a bomb', answer(gzipSync(Buffer.alloc(200_000_000)), gzipped)],
  ['is damaged', answer('not gzip', gzipped)],
  ['is packed in a strange way', answer('x', { 'content-encoding': 'compress' })],
  ['is packed many times', answer('x', { 'content-encoding': 'gzip,gzip,gzip,gzip,gzip' })],
  [
    'breaks off',
    (_, response) => {
      response.writeHead(200, { 'content-type': 'text/html', 'content-length': '1000' }).write('half')
      setTimeout(() => response.destroy(), 20)
    },
  ],
  ['never answers', () => undefined],
  [
    'never ends',
    (_, response) => {
      response.writeHead(200, { 'content-type': 'text/html' })
      const timer = setInterval(() => response.write('a'), 20)
      response.on('close', () => {
        clearInterval(timer)
      })
    },
  ],
])('says what is wrong with a page that %s', async (_, wrong) => {
  const site = await webSite({ '/wrong': wrong, '/robots.txt': '' })
  const { read, kept } = await openHome({ timeout: 400 })
  const error: unknown = await read(`${site.origin}/wrong`).catch((thrown: unknown) => thrown)
  expect(error).toMatchObject({
    code: 'web_failed',
    message: expect.stringMatching(/^.{20,400}\.$/) as string,
  })
  expect(await kept()).toEqual([])
})

test('says where a site cannot be found or takes no connections', async () => {
  const { read } = await openHome()
  const site = await webSite({})
  await expect(read('http://no-such-site.invalid/a')).rejects.toMatchObject({ code: 'web_failed' })
  await expect(read(`http://127.0.0.1:${site.port === 1 ? 2 : 1}/`)).rejects.toMatchObject({
    code: 'web_failed',
    message:
      'http://127.0.0.1:1 could not be read: the site takes no connections. Check the address, or try again later.',
  })
})

const cyrillic = Buffer.from([0xcf, 0xf0, 0xe8, 0xe2, 0xe5, 0xf2])

test.each<[string, Buffer, string, string]>([
  ['of the header', cyrillic, 'text/html; charset="windows-1251"', 'Привет'],
  [
    'of a meta element',
    Buffer.concat([Buffer.from('<meta charset=windows-1251><p>'), cyrillic]),
    'text/html',
    'Привет',
  ],
  [
    'of an old meta element',
    Buffer.concat([
      Buffer.from('<meta http-equiv="Content-Type" content="text/html; charset=windows-1251"><p>'),
      cyrillic,
    ]),
    'text/html',
    'Привет',
  ],
  ['of a byte order mark', Buffer.from('\ufeff<p>Grüße', 'utf16le'), 'text/html; charset=utf-8', 'Grüße'],
  ['that is not named: UTF-8', Buffer.from('<p>Grüße'), 'text/html', 'Grüße'],
  ['that is not named: Windows-1252', Buffer.from('<p>Grüße', 'latin1'), 'text/html', 'Grüße'],
  ['that does not exist', Buffer.from('<p>Grüße'), 'text/html; charset=klingon', 'Grüße'],
  ['of plain text', Buffer.from('Grüße', 'latin1'), 'text/plain; charset=iso-8859-1', 'Grüße'],
  ['of Markdown', Buffer.from('# Gruß\n\nGrüße'), 'text/markdown', 'Grüße'],
])('reads the encoding %s', async (_, body, type, expected) => {
  const site = await webSite({ '/': answer(body, { 'content-type': type }) })
  const { read, partsOf } = await openHome()
  expect(await partsOf((await read(`${site.origin}/`)).file)).toMatchObject([{ blocks: [expected] }])
})

test('heeds what pages say of themselves', async () => {
  const head = (meta: string, body: string) => `<html><head>${meta}</head><body><p>${body}</p></body></html>`
  const site = await webSite({
    '/': head(
      '<title>Home</title>',
      `Home. ${links('/noindex', '/nofollow', '/tag', '/a?sort=1', '/a?sort=2', '/a', '/base', '/same', '/twin')}`,
    ),
    '/noindex': head('<meta name=robots content="noindex">', `Hidden. ${links('/from-noindex')}`),
    '/nofollow': head('<META NAME="ROBOTS" CONTENT="NoFollow">', `Here. ${links('/from-nofollow')}`),
    '/tag': answer(head('', 'Tagged.'), { 'x-robots-tag': 'noindex' }),
    '/a?sort=1': head('<link rel=canonical href="/a">', 'List one.'),
    '/a?sort=2': head('<link rel=canonical href="/a">', 'List two.'),
    '/a': head('<link rel=canonical href="/a">', 'List.'),
    '/base': head('<base href="/deep/"><base href="/other/">', `Base. ${links('x')}`),
    '/deep/x': head('', 'Deep.'),
    '/same': head('', 'Twins.'),
    '/twin': head('', 'Twins.'),
    '/from-noindex': head('', 'Found.'),
  })
  const { read, linesOf } = await openHome()
  const reading = await read(`${site.origin}/`, { scope: 'site' })
  const [, ...lines] = (await linesOf(reading.file)) as { url: string }[]
  expect(lines.map(({ url }) => url.replace(site.origin, '')).sort()).toEqual(
    ['/', '/a', '/base', '/deep/x', '/from-noindex', '/nofollow', '/same'].sort(),
  )
  expect(site.paths()).not.toContain('/from-nofollow')
  expect(reading.skipped.map(({ kind }) => kind)).toEqual(['page_noindex', 'page_noindex'])
  await expect(read(`${site.origin}/tag`)).rejects.toMatchObject({ code: 'web_refused' })
})

test('does not go astray in a calendar', async () => {
  let made = 0
  const calendar: SitePage = (request, response) => {
    const day = Number(/day=(\d+)/.exec(request.url ?? '')?.[1] ?? 0)
    made++
    response
      .writeHead(200, { 'content-type': 'text/html' })
      .end(page(`Day ${day}`, `${day} ${links(`?day=${day + 1}`, `?day=${day + 2}`)}`))
  }
  const pages = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`/c?day=${i}`, calendar]))
  const site = await webSite(pages)
  const { read } = await openHome()
  await read(`${site.origin}/c?day=0`, { scope: 'site', maxPages: 1000 })
  expect(made).toBeLessThanOrEqual(51)
})

test('a cancelled reading keeps nothing', async () => {
  const pages: Record<string, SitePage> = { '/slow': () => undefined }
  for (let i = 0; i < 50; i++) pages[`/${i}`] = page(`${i}`, `Text ${i} ${links(`/${i + 1}`)}`)
  const site = await webSite(pages)
  const { read, kept, events } = await openHome({ pause: 10 })
  const controller = new AbortController()
  const reading = read(`${site.origin}/0`, { scope: 'site' }, controller.signal)
  while (events.length < 5) await new Promise((resolve) => setTimeout(resolve, 1))
  controller.abort()
  await expect(reading).rejects.toMatchObject({ code: 'cancelled' })
  const waiting = new AbortController()
  const slow = read(`${site.origin}/slow`, {}, waiting.signal)
  setTimeout(() => {
    waiting.abort()
  }, 100)
  await expect(slow).rejects.toMatchObject({ code: 'cancelled' })
  expect(await kept()).toEqual([])
})

/** What a hostile hub, or somebody between, tries with whoever downloads a model. */
import { readdir } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { DownloadState } from '../../../main/contract/models.ts'
import { openModelsApp, startTinyHub } from './models-app.ts'

const rests = ({ status }: DownloadState): boolean => status === 'done' || status === 'failed'

async function startServer(answer: (request: IncomingMessage, response: ServerResponse) => void) {
  let visits = 0
  const server = createServer((request, response) => {
    visits++
    response.on('error', () => undefined)
    answer(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, visits: () => visits }
}

test.each(['a file', 'the listing'])(
  'a redirect of %s to another server without encryption is not followed',
  async (what) => {
    const elsewhere = await startServer((_, response) => response.end('[]'))
    const tiny = await startTinyHub()
    const hub = await startServer((request, response) => {
      const leads = (what === 'a file') === (request.url ?? '').includes('/resolve/')
      const location = leads ? `${elsewhere.url}/x` : `${tiny.url}${request.url ?? ''}`
      if (leads) response.writeHead(302, { location }).end()
      else
        void fetch(location).then(async (answer) =>
          response.writeHead(answer.status, { 'content-type': 'application/json' }).end(await answer.text()),
        )
    })
    const app = await openModelsApp(undefined, { hubUrl: hub.url })
    await app.download()
    expect((await app.until(rests)).error).toMatchObject({
      code: 'download_failed',
      message: expect.stringMatching(/leads on to .*which is not encrypted/) as string,
    })
    expect(elsewhere.visits()).toBe(0)
  },
)

test.each([
  'http://huggingface.co/x',
  'file:///etc/passwd',
  'data:text/plain,x',
  'ftp://example.org/',
  'http://[',
])('a real hub that leads to %s is not followed', async (location) => {
  const asked: string[] = []
  const app = await openModelsApp(undefined, {
    hubUrl: 'https://hub.example',
    fetch: (url) => {
      asked.push(String(url))
      return Promise.resolve(new Response(null, { status: 302, headers: { location } }))
    },
  })
  await app.download()
  expect((await app.until(rests)).error).toMatchObject({ code: 'download_failed' })
  expect(asked.filter((url) => !url.startsWith('https://hub.example/'))).toEqual([])
  expect(asked).toHaveLength(1)
})

test('redirects without end are given up', async () => {
  const hub = await startServer((request, response) =>
    response.writeHead(307, { location: request.url ?? '/' }).end(),
  )
  const app = await openModelsApp(undefined, { hubUrl: hub.url })
  await app.download()
  expect((await app.until(rests)).error).toMatchObject({ code: 'download_failed' })
  expect(hub.visits()).toBeLessThan(20)
})

test('a listing without end is given up, in bounded memory', async () => {
  const hub = await startServer((_, response) => {
    response.writeHead(200, { 'content-type': 'application/json' })
    response.write('[')
    const more = (): void => {
      if (response.destroyed) return
      response.write('{"type":"file","path":"README.md","size":1,"oid":"a"},'.repeat(5000))
      setImmediate(more)
    }
    more()
  })
  const app = await openModelsApp(undefined, { hubUrl: hub.url })
  const rss = process.memoryUsage.rss()
  await app.download()
  expect((await app.until(rests)).error).toMatchObject({ code: 'download_failed' })
  expect(hub.visits()).toBe(1)
  expect(process.memoryUsage.rss() - rss).toBeLessThan(300e6)
})

test.each([
  '..\\evil.json',
  '../../evil/config.json',
  '/tmp/config.json',
  'C:config.json',
  'CON',
  'config.json\0',
  '__proto__',
])('the name %j in a listing writes nothing', async (name) => {
  const hub = await startTinyHub()
  hub.files.set(name, { content: Buffer.from('no') })
  const app = await openModelsApp(undefined, { hubUrl: hub.url })
  await app.download()
  expect(await app.until(rests)).toMatchObject({ status: 'done' })
  const kept = await readdir(join(app.home, 'models/flan-t5-small'))
  expect(kept.sort()).toEqual(['README.md', 'config.json', 'model.safetensors', 'tokenizer.json'])
  expect((await readdir(app.home)).filter((one) => /evil|CON|tmp/.test(one))).toEqual([])
})

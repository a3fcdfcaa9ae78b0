import { readFile, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { DownloadState } from '../../../main/contract/models.ts'
import { openModelsApp, quiet, startTinyHub } from './models-app.ts'

const rests = ({ status }: DownloadState): boolean => status === 'done' || status === 'failed'

test('a model is downloaded whole, checked, and added; nothing else is fetched or written', async () => {
  const hub = await startTinyHub()
  const app = await openModelsApp(undefined, { hubUrl: hub.url })
  expect((await app.download()).status).toBe('listing')
  expect(await app.until(rests)).toMatchObject({ status: 'done', error: null, bytesPerSecond: 0 })
  const wanted = ['README.md', 'config.json', 'model.safetensors', 'tokenizer.json']
  expect((await readdir(join(app.home, 'models/flan-t5-small'))).sort()).toEqual(wanted)
  expect(hub.asked.map((one) => one.split(' ')[0]).sort()).toEqual(wanted)
  expect(await readdir(join(app.home, 'models/.partial'))).toEqual([])
  expect((await readdir(app.home)).filter((name) => name.includes('evil'))).toEqual([])
  const all = await app.models['models.list']({}, quiet())
  expect(all).toMatchObject([
    { id: 'starter' },
    { name: 'Flan-T5 small', origin: 'download', architecture: 't5', licence: 'apache-2.0', usable: true },
  ])
  const entries = await app.models['models.catalogue']({}, quiet())
  expect(entries[0]).toMatchObject({ id: 'flan-t5-small', modelId: all[1]?.id })

  await app.models['models.remove']({ modelId: all[1]?.id ?? '' }, quiet())
  await expect(stat(join(app.home, 'models/flan-t5-small'))).rejects.toMatchObject({ code: 'ENOENT' })
  expect((await app.models['models.catalogue']({}, quiet()))[0]).toMatchObject({
    modelId: null,
    download: null,
  })
})

test('a connection that breaks off again and again is taken up where it ended', async () => {
  const hub = await startTinyHub()
  hub.cuts.push(5_000, 3_000, 7_000)
  const app = await openModelsApp(undefined, { hubUrl: hub.url })
  await app.download()
  expect(await app.until(rests)).toMatchObject({ status: 'done' })
  const weights = hub.asked.filter((one) => one.startsWith('model.safetensors'))
  expect(weights).toHaveLength(4)
  expect(weights[0]).toBe('model.safetensors 0')
  const starts = weights.map((one) => Number(one.split(' ')[1]))
  // A connection can break off before anything of it was read.
  expect(starts).toEqual(starts.toSorted((a, b) => a - b))
  expect(starts.at(-1)).toBeGreaterThan(0)
  const got = await readFile(join(app.home, 'models/flan-t5-small/model.safetensors'))
  expect(got.equals(hub.files.get('model.safetensors')?.content ?? Buffer.alloc(0))).toBe(true)
})

test('a damaged file is removed and named; the next try fetches it anew', async () => {
  const hub = await startTinyHub()
  const good = hub.files.get('model.safetensors')?.content ?? Buffer.alloc(0)
  const bad = Buffer.from(good)
  bad[1_000] = (bad[1_000] ?? 0) ^ 1
  let listing = true
  const app = await openModelsApp(undefined, {
    hubUrl: hub.url,
    // The listing tells of the good file, the transfer gives a bad one.
    fetch: async (...given) => {
      const response = await fetch(...given)
      if (listing) hub.files.set('model.safetensors', { content: bad, lfs: true })
      listing = false
      return response
    },
  })
  await app.download()
  expect((await app.until(rests)).error).toMatchObject({
    code: 'checksum_mismatch',
    message: expect.stringContaining('model.safetensors came damaged') as string,
  })
  const left = await readdir(join(app.home, 'models/.partial/flan-t5-small'))
  expect(left.filter((name) => name.startsWith('model'))).toEqual([])
  hub.files.set('model.safetensors', { content: good, lfs: true })
  await app.download()
  expect(await app.until(rests)).toMatchObject({ status: 'done', error: null })
})

test('a paused download goes on after the app was closed, without fetching anything twice', async () => {
  const hub = await startTinyHub()
  const large = Buffer.alloc(400_000, 7)
  hub.files.set('vocab.txt', { content: large, lfs: true })
  hub.pieceMs = 15
  const app = await openModelsApp(undefined, { hubUrl: hub.url })
  await app.download()
  const watched: DownloadState[] = []
  const stopping = new AbortController()
  const watching = app.models['models.watchDownloads'](
    {},
    { emit: (state) => watched.push(state), signal: stopping.signal },
  ).catch((thrown: unknown) => thrown)
  await app.until(({ file, bytesDone }) => file === 'vocab.txt' && bytesDone > 100_000)
  const paused = await app.models['models.pauseDownload']({ catalogueId: 'flan-t5-small' }, quiet())
  expect(paused).toMatchObject({ status: 'paused', error: null })
  stopping.abort()
  expect(await watching).toMatchObject({ code: 'cancelled' })
  expect(watched.length).toBeGreaterThan(0)
  expect(watched.length).toBeLessThan(12)
  await app.close()

  hub.pieceMs = 0
  hub.asked.length = 0
  const again = await openModelsApp(app.home, { hubUrl: hub.url })
  const known = await again.until(() => true)
  expect(known.status).toBe('paused')
  expect(hub.asked).toEqual([])
  await again.download()
  expect(await again.until(rests)).toMatchObject({ status: 'done' })
  expect(hub.asked.find((one) => one.startsWith('vocab.txt'))).toMatch(/^vocab\.txt [1-9]/)
  expect((await readFile(join(app.home, 'models/flan-t5-small/vocab.txt'))).equals(large)).toBe(true)
})

test('a download that goes on while the app closes is paused, and discarding removes what has come', async () => {
  const hub = await startTinyHub()
  hub.files.set('vocab.txt', { content: Buffer.alloc(400_000, 7), lfs: true })
  hub.pieceMs = 15
  const app = await openModelsApp(undefined, { hubUrl: hub.url })
  await app.download()
  await app.until(({ file, bytesDone }) => file === 'vocab.txt' && bytesDone > 50_000)
  await app.close()
  const again = await openModelsApp(app.home, { hubUrl: hub.url })
  expect((await again.until(() => true)).status).toBe('paused')
  await again.models['models.discardDownload']({ catalogueId: 'flan-t5-small' }, quiet())
  expect(await readdir(join(app.home, 'models/.partial'))).toEqual([])
})

test('too little room on the disk is said before anything is fetched', async () => {
  const hub = await startTinyHub()
  const app = await openModelsApp(undefined, { hubUrl: hub.url, freeBytes: () => Promise.resolve(1_000_000) })
  await app.download()
  expect((await app.until(rests)).error).toMatchObject({
    code: 'disk_full',
    message: expect.stringMatching(/needs \d+ MB, and 1 MB are free/) as string,
  })
  expect(hub.asked).toEqual([])
})

test('a server that answers with errors or not at all is named with the reason', async () => {
  const hub = await startTinyHub()
  const app = await openModelsApp(undefined, { hubUrl: hub.url })
  for (const [status, text] of [
    [404, /HTTP 404: the file is no longer there/],
    [403, /HTTP 403: it wants an account/],
    [503, /HTTP 503: try again later/],
  ] as const) {
    hub.status = status
    await app.download()
    expect((await app.until(rests)).error).toMatchObject({
      code: 'download_failed',
      message: expect.stringMatching(text) as string,
    })
  }
  const gone = await openModelsApp(undefined, { hubUrl: 'http://127.0.0.1:9' })
  await gone.download()
  expect((await gone.until(rests)).error).toMatchObject({
    code: 'download_failed',
    message: expect.stringMatching(/cannot be reached.*Check the connection/) as string,
  })
})

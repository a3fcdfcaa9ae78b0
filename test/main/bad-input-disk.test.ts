import { execFileSync } from 'node:child_process'
import { appendFile, mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { errorValueOf } from '../../main/app.ts'
import { createDatasets } from '../../main/datasets/service.ts'
import { createUploads } from '../../main/hosts/web/uploads.ts'
import { createChanges } from '../../main/store/changes.ts'
import { connect } from '../../main/store/connection.ts'
import { migrations } from '../../main/store/migrations.ts'
import { openStore } from '../../main/store/open.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { isAlive } from './spawn-cli.ts'
import { addTinyProject, endless, openCalledApp, short } from './bad-input-app.ts'
import { call, csv, datasetsDeps, goodRows, nothing } from './datasets/open-project.ts'

async function integrity(home: string): Promise<unknown> {
  const connection = await connect(join(home, 'store.sqlite'), 'read')
  const rows = await connection.all('PRAGMA integrity_check')
  await connection.close()
  return rows
}

const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'ok',
    (thrown: unknown) => errorValueOf(thrown).code,
  )

test('an import that finds the store full leaves nothing of itself, and the store whole', async () => {
  const home = await temporaryFolder()
  // SQLite takes a file that may not grow for a disk that is full.
  const bounded = [...migrations.slice(0, -1), `${migrations.at(-1) ?? ''}; PRAGMA max_page_count = 300;`]
  const store = await openStore(home, { migrations: bounded })
  let isOpen = true
  onTestFinished(async () => {
    if (isOpen) await store.close()
  })
  await store.run(`INSERT INTO project (id, name, created_at, updated_at) VALUES ('p', 'Full', 1, 1)`)
  const data = createDatasets(datasetsDeps(store, createChanges()))
  const path = join(home, 'large.csv')
  await writeFile(path, csv(goodRows(20_000)))
  const request = { projectId: 'p', file: { path }, name: null, mapping: null, use: 'auto' } as const
  await expect(data['data.import'](request, call)).rejects.toMatchObject({
    code: 'disk_full',
    message: expect.stringMatching(/The disk is full.*Free some space.*intact/) as string,
  })
  expect(await data['data.sources']({ projectId: 'p' }, call)).toEqual([])
  await data.recover()
  const rows = await store.get(
    `SELECT (SELECT count(*) FROM source) AS sources, (SELECT count(*) FROM passage) AS passages,
       (SELECT count(*) FROM example) AS examples, (SELECT count(*) FROM problem) AS problems,
       (SELECT count(*) FROM passage_text_docsize) AS indexed`,
  )
  expect(rows).toEqual(nothing)
  // A single write of another service is told in the same words.
  const numbers = JSON.stringify(Array.from({ length: 2000 }, (_, i) => i))
  const fill = "INSERT INTO kept SELECT 'k' || value, hex(randomblob(2000)) FROM json_each(?)"
  await expect(store.run(fill, numbers)).rejects.toMatchObject({ code: 'disk_full' })
  isOpen = false
  await store.close()
  expect(await integrity(home)).toEqual([{ integrity_check: 'ok' }])
})

/** Set where this user may mount a small file system: the real thing, run by hand as root. */
const mounts = process.env['LORACLE_MOUNT_TESTS'] === '1'

async function smallDisk(megabytes: number): Promise<string> {
  const folder = await temporaryFolder()
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', folder])
  onTestFinished(() => void execFileSync('umount', ['-l', folder]))
  return folder
}

/** Fills a disk up to its last byte; returns the way to make room again. */
async function fillUp(folder: string): Promise<() => Promise<void>> {
  const path = join(folder, 'ballast')
  for (const bytes of [65_536, 4_096, 1])
    for (let isFull = false; !isFull;) {
      isFull = await appendFile(path, Buffer.alloc(bytes)).then(
        () => false,
        () => true,
      )
    }
  return () => rm(path, { force: true })
}

describe.skipIf(!mounts)('a home on a disk that is full', () => {
  test('an import', async () => {
    const home = await smallDisk(8)
    const app = await openCalledApp(home)
    const { projectId, folder } = await addTinyProject(app)
    const path = join(folder, 'large.csv')
    await writeFile(path, csv(goodRows(30_000)))
    const request = { projectId, file: { path }, name: null, mapping: null, use: 'auto' } as const
    await expect(app.call('data.import', request)).rejects.toMatchObject({ code: 'disk_full' })
    expect(await app.call('data.sources', { projectId })).toHaveLength(2)
    await app.close()
    const again = await openCalledApp(home)
    expect(await again.call('data.summary', { projectId })).toMatchObject({ examples: 24 })
    await again.close()
    expect(await integrity(home)).toEqual([{ integrity_check: 'ok' }])
  })

  test('a run, which is resumed when there is room', async () => {
    const home = await smallDisk(24)
    const app = await openCalledApp(home)
    const { projectId, modelId } = await addTinyProject(app)
    const settings = { ...endless, saveEvery: 3, rank: 8 }
    const { id: runId } = await app.call('runs.start', { projectId, modelId, name: null, settings })
    const hasLearnt = async () => (await app.call('runs.get', { runId })).step > 8
    await expect.poll(hasLearnt, { timeout: 20_000 }).toBe(true)
    const free = await fillUp(home)
    // Nothing at all can be stored now: the failure is told as soon as there is room.
    await expect.poll(() => isAlive(app.trainers.at(-1)?.pid ?? 0), { timeout: 20_000 }).toBe(false)
    await free()
    await expect
      .poll(async () => (await app.call('runs.get', { runId })).status, { timeout: 30_000 })
      .toBe('failed')
    const failed = await app.call('runs.get', { runId })
    expect(failed).toMatchObject({ error: { code: 'disk_full' }, resumable: true })
    await app.call('runs.resume', { runId })
    await expect
      .poll(async () => (await app.call('runs.get', { runId })).step, { timeout: 30_000 })
      .toBeGreaterThan(failed.step)
    await app.call('runs.discard', { runId })
    await app.close()
    expect(await integrity(home)).toEqual([{ integrity_check: 'ok' }])
  })

  test('an export into it, an upload to it, and a start on it', async () => {
    const app = await openCalledApp()
    const { projectId, modelId } = await addTinyProject(app)
    const { id: runId } = await app.call('runs.start', { projectId, modelId, name: null, settings: short })
    await expect
      .poll(async () => (await app.call('runs.get', { runId })).status, { timeout: 30_000 })
      .toBe('finished')
    const disk = await smallDisk(4)
    await mkdir(join(disk, 'out'))
    const free = await fillUp(disk)
    for (const kind of ['adapter', 'merged', 'report', 'predictions'] as const)
      expect([
        kind,
        await codeOf(app.call('exports.create', { runId, kind, folder: join(disk, 'out') })),
      ]).toEqual([kind, 'disk_full'])
    expect(await readdir(join(disk, 'out'))).toEqual([])

    const uploads = createUploads(Promise.resolve(join(disk, 'uploads')), {
      freeBytes: () => Promise.resolve(1e12),
      most: 4,
    })
    const server = createServer((request, response) => {
      uploads.receive(request, new URLSearchParams({ name: 'a.csv' })).then(
        () => response.end('ok'),
        (thrown: unknown) => response.end(String(thrown)),
      )
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()))
    onTestFinished(() => void server.close())
    const { port } = server.address() as AddressInfo
    const body = 'x'.repeat(100_000)
    const answer = await (await fetch(`http://127.0.0.1:${port}`, { method: 'POST', body })).text()
    expect(answer).toContain('does not fit on the disk')
    expect(await readdir(join(disk, 'uploads')).catch(() => [])).toEqual([])

    expect(await codeOf(openCalledApp(join(disk, 'home')))).toBe('disk_full')
    await free()
    expect(await codeOf(openCalledApp(join(disk, 'home')))).toBe('ok')
  })
})

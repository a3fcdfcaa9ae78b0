/** A store that a newer version made is opened to be looked at, and not a byte beside it changes. */
import { createHash } from 'node:crypto'
import { cp, readFile, readdir, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Methods } from '../../../main/contract/methods.ts'
import { argumentChecks } from '../../../main/contract/arguments.ts'
import { connect } from '../../../main/store/connection.ts'
import { migrations } from '../../../main/store/migrations.ts'
import { openStore } from '../../../main/store/open.ts'
import { newestVersionIn } from '../../../main/store/store-file.ts'
import { unpackStore } from '../../stores/kept-stores.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'
import { openCalledApp } from '../bad-input-app.ts'
import type { CalledApp } from '../bad-input-app.ts'

const newer = [
  ...migrations,
  'CREATE TABLE colour (id TEXT); ALTER TABLE project ADD COLUMN colour TEXT; CREATE TABLE later (id TEXT);',
]
const page = { offset: 0, limit: 50 }

/** A used home whose store a newer version brought forward, with other steps where they are given. */
async function newerHome(steps: readonly string[] = newer): Promise<string> {
  const home = await temporaryFolder()
  await unpackStore('version-3', home)
  await (await openStore(home, { migrations: steps })).close()
  return home
}

/** The same, its newer version killed: what it wrote last lies in the log, the newer form too. */
async function killedHome(): Promise<string> {
  const home = await temporaryFolder()
  await unpackStore('version-3', home)
  await (await openStore(home)).close()
  const store = await connect(join(home, 'store.sqlite'), 'write')
  await store.execute(`PRAGMA wal_autocheckpoint = 0; BEGIN; ${newer.at(-1) ?? ''}
    UPDATE project SET name = name || ' 2'; PRAGMA user_version = ${newer.length}; COMMIT;`)
  const left = await temporaryFolder()
  await cp(home, left, { recursive: true })
  await store.close()
  return left
}

/** Every file below a folder with its bytes' digest and time. */
async function filesOf(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
  return Promise.all(
    files.toSorted().map(async (path) => {
      const digest = createHash('sha256')
        .update(await readFile(path))
        .digest('hex')
      return `${path} ${digest} ${(await stat(path)).mtimeMs}`
    }),
  )
}

async function look({ call }: CalledApp) {
  const projects = await call('projects.list', {})
  const projectId = projects.find(({ name }) => name.startsWith('Häuser'))?.id ?? ''
  return { projects, projectId }
}

describe.each([
  ['closed in order', newerHome],
  ['killed with its newest form in the log', killedHome],
])('a newer store, %s', (_how, makeHome) => {
  test('is shown: projects, data, runs, comparisons, chats; nothing on the disk changes', async () => {
    const home = await makeHome()
    const before = await filesOf(home)
    const temporaries = (await readdir(tmpdir())).filter((name) => name.startsWith('loracle-newer-'))
    const app = await openCalledApp(home)
    const { call } = app
    const { projects, projectId } = await look(app)
    expect(projects.map(({ name }) => name.replace(/ 2$/, '')).toSorted()).toEqual([
      'Häuser & Gärten 🏡 (“quoted”)',
      'Пустой проект',
    ])
    expect(await call('data.sources', { projectId })).toHaveLength(9)
    const { readOnly, notices } = await call('app.info', {})
    expect(readOnly).toMatchObject({
      code: 'store_newer',
      message: expect.stringMatching(/newer version.*looked at.*Update Loracle/) as string,
    })
    expect(notices).toHaveLength(2)
    const found = await call('data.passages', { projectId, ...page, search: 'compost', sourceId: null })
    expect(found.total).toBe(1)
    const runs = await call('runs.list', { projectId })
    // That version was killed with a run at work and one behind it: neither is at work here.
    const stands = runs
      .filter(({ name }) => name.endsWith('At work'))
      .map(({ name, status }) => [name, status])
    expect(stands.toSorted()).toEqual([
      ['At work', 'interrupted'],
      ['Behind At work', 'paused'],
    ])
    const runId = runs.find(({ name }) => name === 'First run')?.id ?? ''
    expect((await call('runs.series', { runId, maxPoints: 100 })).points.length).toBeGreaterThan(10)
    const questions = { runId, ...page, verdict: null, search: null, set: null }
    expect((await call('compare.questions', questions)).total).toBeGreaterThan(0)
    expect((await call('compare.summary', { runId })).tiles.length).toBeGreaterThan(0)
    const [chat] = (await call('chat.list', { projectId })).filter(({ messages }) => messages > 0)
    expect((await call('chat.get', { chatId: chat?.id ?? '' })).turns.length).toBeGreaterThan(0)
    expect(await call('models.list', {})).toHaveLength(3)
    await app.close()
    expect(await filesOf(home)).toEqual(before)
    const after = (await readdir(tmpdir())).filter((name) => name.startsWith('loracle-newer-'))
    expect(after.filter((name) => !temporaries.includes(name))).toEqual([])
  })
})

test('every method that would write is refused with a sentence, and every other answers or says why not', async () => {
  const home = await newerHome()
  const before = await filesOf(home)
  const app = await openCalledApp(home)
  const { projectId } = await look(app)
  const runId =
    (await app.call('runs.list', { projectId })).find(({ name }) => name === 'First run')?.id ?? ''
  const [chat] = await app.call('chat.list', { projectId })
  const [search] = await app.call('search.list', { projectId })
  const folder = await temporaryFolder()
  const given = { projectId, runId, chatId: chat?.id, searchId: search?.id, folder }
  const outcomes = new Map<string, string>()
  const stop = new AbortController()
  setTimeout(() => stop.abort(), 500)
  const names = Object.keys(argumentChecks) as (keyof Methods)[]
  await Promise.all(
    names.map(async (name) => {
      const handler = app.app.handlers[name] as (args: unknown, context: unknown) => Promise<unknown>
      const args = {
        ...given,
        ...page,
        maxPoints: 10,
        search: null,
        question: 'What?',
        settings: {},
        path: folder,
      }
      const outcome = await handler(args, { emit: () => undefined, signal: stop.signal }).then(
        () => 'answered',
        (thrown: unknown) => (thrown as { code?: string }).code ?? 'no code',
      )
      outcomes.set(name, outcome)
    }),
  )
  const refused = names.filter((name) => outcomes.get(name) === 'store_newer')
  for (const name of [
    ...['projects.create', 'projects.delete', 'projects.createSample', 'projects.choose', 'data.import'],
    ...['data.removeSource', 'data.mend', 'data.check', 'data.export', 'models.addFolder', 'models.download'],
    ...['runs.start', 'runs.resume', 'runs.discard', 'runs.estimate', 'search.start', 'search.stop'],
    ...[
      'chat.create',
      'chat.ask',
      'exports.create',
      'exports.remove',
      'preferences.set',
      'app.dismissNotice',
    ],
  ] as const)
    expect(refused).toContain(name)
  expect([...outcomes.values()].filter((outcome) => ['no code', 'internal'].includes(outcome))).toEqual([])
  process.stdout.write(
    `${names.length} methods: ${refused.length} refused, ${names.length - refused.length} open\n`,
  )
  await expect(app.call('projects.create', { name: 'New' })).rejects.toMatchObject({
    code: 'store_newer',
    message: expect.stringContaining('Update Loracle') as string,
  })
  await app.close()
  expect(await filesOf(home)).toEqual(before)
})

test('what this version reads and the newer one has renamed or dropped is a sentence; the rest is shown', async () => {
  const home = await newerHome([
    ...migrations,
    `ALTER TABLE chat RENAME COLUMN title TO heading; DROP TABLE comparison; UPDATE run SET settings = 'yaml: 1';`,
  ])
  const app = await openCalledApp(home)
  const { projectId } = await look(app)
  const newerForm = { code: 'store_newer', message: expect.stringContaining('Update Loracle') as string }
  await expect(app.call('chat.list', { projectId })).rejects.toMatchObject(newerForm)
  const runId = (await app.call('runs.list', { projectId }))[0]?.id ?? ''
  const questions = { runId, ...page, verdict: null, search: null, set: null }
  await expect(app.call('compare.questions', questions)).rejects.toMatchObject(newerForm)
  await expect(app.call('runs.get', { runId })).rejects.toMatchObject(newerForm)
  expect(await app.call('data.sources', { projectId })).toHaveLength(9)
})

test('two may look at once; who wants to write waits until both have closed', async () => {
  const home = await newerHome()
  const [one, other] = [await openCalledApp(home), await openCalledApp(home)]
  expect(await one.call('projects.list', {})).toEqual(await other.call('projects.list', {}))
  await one.close()
  await expect(openStore(home, { migrations: newer })).rejects.toMatchObject({ code: 'store_in_use' })
  await other.close()
  const writer = await openStore(home, { migrations: newer })
  await expect(openCalledApp(home)).rejects.toMatchObject({ code: 'store_in_use' })
  await writer.close()
})

test('a newer form whose writing was cut off in the middle is no newer store', async () => {
  const left = await killedHome()
  const log = join(left, 'store.sqlite-wal')
  // Without its last frame a transaction was never committed.
  await truncate(log, (await stat(log)).size - 1)
  expect(await newestVersionIn(join(left, 'store.sqlite'))).toBe(newer.length)
  const store = await openStore(left)
  onTestFinished(() => store.close())
  expect(store.readOnly).toBeNull()
  await store.run(`INSERT INTO kept (key, value) VALUES ('a', '1')`)
  expect(await store.get(`SELECT name FROM sqlite_schema WHERE name = 'later'`)).toBeNull()
})

test('a log that is no log, or cut off, names no version', async () => {
  const folder = await temporaryFolder()
  await (await openStore(folder)).close()
  const path = join(folder, 'store.sqlite')
  for (const log of [Buffer.alloc(0), Buffer.alloc(31, 255), Buffer.alloc(5000, 255), Buffer.alloc(9000)]) {
    await writeFile(`${path}-wal`, log)
    expect(await newestVersionIn(path)).toBe(migrations.length)
  }
})

/** Stores that earlier versions of the app wrote are brought forward with everything that is in them. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Page } from '../../../main/contract/datasets.ts'
import { connect } from '../../../main/store/connection.ts'
import { migrations } from '../../../main/store/migrations.ts'
import { openStore } from '../../../main/store/open.ts'
import { keptStores, readRows, readSchema, unpackStore } from '../../stores/kept-stores.ts'
import type { Row } from '../../stores/kept-stores.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'
import { openCalledApp } from '../bad-input-app.ts'
import type { CalledApp } from '../bad-input-app.ts'

const storeOf = (home: string): string => join(home, 'store.sqlite')

async function ask(path: string, sql: string): Promise<readonly unknown[]> {
  const connection = await connect(path, 'read')
  const rows = await connection.all(sql)
  await connection.close()
  return rows
}

/** A row with what is said of it in JSON read, as step 2 writes it anew. */
function plain(table: string, row: Row): Readonly<Record<string, unknown>> {
  const { mapping } = row
  if (table !== 'source' || typeof mapping !== 'string') return row
  return { ...row, mapping: { form: 'qa', ...(JSON.parse(mapping) as object) } }
}

describe.each(keptStores)('$name', ({ name, version }) => {
  test('comes forward with every row, sound, in the form of a new store, its copy beside it', async () => {
    const home = await temporaryFolder()
    await unpackStore(name, home)
    const old = await readFile(storeOf(home))
    const before = await readRows(storeOf(home))
    await (await openStore(home)).close()
    const after = await readRows(storeOf(home))
    let compared = 0
    for (const [table, rows] of before) {
      const now = after.get(table) ?? []
      expect([table, now.length]).toEqual([table, rows.length])
      for (const [i, row] of rows.entries()) {
        const known = Object.keys(row).map((column) => [column, now[i]?.[column]])
        expect(plain(table, Object.fromEntries(known) as Row), `${table} ${i}`).toEqual(plain(table, row))
        compared++
      }
    }
    expect(compared).toBeGreaterThan(250)
    process.stdout.write(`${name}: ${compared} rows of ${before.size} tables compared\n`)

    expect(await ask(storeOf(home), 'PRAGMA user_version')).toEqual([{ user_version: migrations.length }])
    expect(await ask(storeOf(home), 'PRAGMA integrity_check')).toEqual([{ integrity_check: 'ok' }])
    expect(await ask(storeOf(home), 'PRAGMA foreign_key_check')).toEqual([])
    const fresh = await temporaryFolder()
    await (await openStore(fresh)).close()
    expect(await readSchema(storeOf(home))).toEqual(await readSchema(storeOf(fresh)))
    if (version < migrations.length) {
      const copy = join(home, `store.before-${migrations.length}.sqlite`)
      expect((await readFile(copy)).equals(old)).toBe(true)
      expect(await ask(copy, 'PRAGMA integrity_check')).toEqual([{ integrity_check: 'ok' }])
    }
  })

  test('is shown by the app as it was left, and worked on', async () => {
    const home = await temporaryFolder()
    await unpackStore(name, home)
    const rows = await readRows(storeOf(home))
    const app = await openCalledApp(home)
    const projects = await app.call('projects.list', {})
    expect(projects.map((project) => project.name).toSorted()).toEqual([
      'Häuser & Gärten 🏡 (“quoted”)',
      'Пустой проект',
    ])
    const projectId = projects.find((project) => project.name.startsWith('Häuser'))?.id ?? ''
    await expectData(app, projectId, rows)
    await expectRuns(app, projectId, rows)
    await expectTalk(app, projectId)
    await expectWork(app, projectId)
    expect(await app.call('preferences.get', {})).toEqual({ theme: 'dark', advanced: true })
    const { notices } = await app.call('app.info', {})
    expect(notices.map(({ error }) => error.code).toSorted()).toEqual([
      'file_missing',
      'run_interrupted',
      'run_interrupted',
      'trainer_crashed',
    ])
    expect((await app.call('models.list', {})).map(({ origin }) => origin)).toEqual(
      expect.arrayContaining(['starter', 'folder']) as string[],
    )
    const catalogue = await app.call('models.catalogue', {})
    const download = catalogue.find(({ id }) => id === 'flan-t5-small')?.download
    expect(['paused', 'failed']).toContain(download?.status)
  })
})

type Rows = ReadonlyMap<string, readonly Row[]>
const page = { offset: 0, limit: 200 }
const countOf = (rows: Rows, table: string): number => rows.get(table)?.length ?? 0

async function expectData({ call }: CalledApp, projectId: string, rows: Rows): Promise<void> {
  const sources = await call('data.sources', { projectId })
  const ready = (rows.get('source') ?? []).filter((row) => row['ready'] === 1)
  expect(sources.map(({ name, rows: count, use }) => ({ name, rows: count, use })).toSorted(byName)).toEqual(
    ready.map(({ name, rows: count, use }) => ({ name, rows: count, use })).toSorted(byName),
  )
  expect(sources.map(({ name }) => name)).not.toContain('removed.md')
  const table = sources.find(({ name }) => name === 'Tabelle “ä”.csv')
  expect(table?.mapping).toMatchObject({ form: 'qa', roles: { context: 'texte', answer: 'réponse' } })

  const all = { projectId, ...page, search: null, split: null, sourceId: null, range: null }
  const examples = await call('data.examples', all)
  expect(examples.total).toBe(countOf(rows, 'example'))
  expect(examples.rows.find(({ question }) => question === 'How often, then?')?.answers).toMatchObject([
    { text: 'twice a week' },
  ])
  expect(examples.rows.find(({ question }) => question === 'What do they plant?')?.answers).toMatchObject([
    { text: '🍅 tomatoes', start: 22 },
  ])
  let problems = 0
  for (const { kind } of await call('data.problems', { projectId }))
    problems += (await call('data.problemRows', { projectId, kind, ...page })).total
  expect(problems).toBe(countOf(rows, 'problem'))

  const found = async (search: string): Promise<number> =>
    (await call('data.passages', { projectId, ...page, search, sourceId: null })).total
  expect([
    await found('compost'),
    await found('hecken'),
    await found('trädgård'),
    await found('shed green'),
  ]).toEqual([1, 1, 0, 1])
  const texts: Page<unknown> = await call('data.passages', {
    projectId,
    ...page,
    search: null,
    sourceId: null,
  })
  const searchable = (rows.get('passage') ?? []).filter((row) => row['searchable'] !== 0)
  expect(texts.total).toBe(searchable.length)
  expect((await call('data.splits', { projectId })).seed).toBe(7)
}

async function expectRuns({ call }: CalledApp, projectId: string, rows: Rows): Promise<void> {
  const stored = (rows.get('run') ?? []).filter((row) => (row['search_id'] ?? null) === null)
  const runs = await call('runs.list', { projectId })
  expect(runs.map(({ name, step, steps }) => ({ name, step, steps })).toSorted(byName)).toEqual(
    stored.map(({ name, step, steps }) => ({ name, step, steps })).toSorted(byName),
  )
  // Whoever was at work when the app was killed is not any more; the rest is as it was.
  await expect
    .poll(async () =>
      (await call('runs.list', { projectId })).filter(
        ({ name, status }) => status !== statuses[name as keyof typeof statuses],
      ),
    )
    .toEqual([])
  const first = runs.find(({ name }) => name === 'First run')
  const runId = first?.id ?? ''
  const series = await call('runs.series', { runId, maxPoints: 1000 })
  expect(series.points.map(({ step }) => step)).toEqual(
    Array.from({ length: first?.steps ?? 0 }, (_, i) => i + 1),
  )
  const compared = (rows.get('comparison') ?? []).filter((row) => row['run_id'] === runId)
  const asked = await call('compare.questions', { runId, ...page, verdict: null, search: null, set: null })
  expect(asked.total).toBe(compared.length)
  expect((await call('compare.summary', { runId })).tiles.length).toBeGreaterThan(0)
  expect(await call('exports.list', { projectId })).toHaveLength(2)
  const searches = await call('search.list', { projectId })
  expect(searches.map(({ status }) => status).toSorted()).toEqual(
    (rows.get('search') ?? []).map((row) => row['status']).toSorted(),
  )
}

const statuses = {
  'First run': 'finished',
  Kept: 'finished',
  Paused: 'paused',
  Failed: 'failed',
  Interrupted: 'interrupted',
  'Behind Interrupted': 'finished',
  'At work': 'interrupted',
  // It goes on waiting no longer: its turn has come, and its folder is not there.
  'Behind At work': 'failed',
  'From elsewhere': 'finished',
} as const

async function expectTalk({ call }: CalledApp, projectId: string): Promise<void> {
  const chats = await call('chat.list', { projectId })
  expect(chats).toHaveLength(2)
  const long = await Promise.all(chats.map(({ id }) => call('chat.get', { chatId: id })))
  const questions = long.flatMap(({ turns }) => turns.map(({ question }) => question))
  expect(questions).toEqual(['How often is the compost turned? 🌱', 'Wann wird geschnitten?'])
}

/** The way on: what is taken out takes nothing of others with it, and what comes in finds its tables. */
async function expectWork({ call }: CalledApp, projectId: string): Promise<void> {
  const sources = await call('data.sources', { projectId })
  const idOf = (name: string) => sources.find((source) => source.name === name)?.id ?? ''
  const shown = { projectId, ...page, search: null, split: null, range: null }
  const examplesOf = async (name: string) =>
    (await call('data.examples', { ...shown, sourceId: idOf(name) })).total
  const others = ['questions.json', 'more-questions.json', 'train.json'] as const
  const before = await Promise.all(others.map(examplesOf))
  await call('data.removeSource', { projectId, sourceId: idOf('garden.md') })
  expect(await Promise.all(others.map(examplesOf))).toEqual(before)
  const folder = await temporaryFolder()
  const path = join(folder, 'new.json')
  // The model that was chosen is gone with its folder.
  await call('projects.choose', { projectId, modelId: 'starter' })
  await writeFile(
    path,
    JSON.stringify([{ context: 'Moss is soft.', question: 'What is moss?', answers: ['soft'] }]),
  )
  const imported = await call('data.import', {
    projectId,
    file: { path },
    name: null,
    mapping: null,
    use: 'auto',
  })
  expect(imported.rows).toBe(1)
}

const byName = (a: { readonly name?: unknown }, b: { readonly name?: unknown }): number =>
  String(a.name) < String(b.name) ? -1 : 1

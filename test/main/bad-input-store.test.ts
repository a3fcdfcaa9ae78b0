import { mkdir, readFile, readdir, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { onTestFinished, describe, expect, test } from 'vitest'
import { createApp, errorValueOf, forkTrainer } from '../../main/app.ts'
import { connect } from '../../main/store/connection.ts'
import { migrations } from '../../main/store/migrations.ts'
import { openStore } from '../../main/store/open.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { addTinyProject, endless, openCalledApp } from './bad-input-app.ts'
import { isAlive, repository, start } from './spawn-cli.ts'

const openApp = (home: string) =>
  createApp({
    home,
    root: repository,
    version: '1',
    host: 'web',
    startTrainer: () => forkTrainer(join(repository, 'trainer', 'worker.ts')),
  })

async function ask<Row>(path: string, sql: string): Promise<readonly Row[]> {
  const connection = await connect(path, 'read')
  const rows = await connection.all<Row>(sql)
  await connection.close()
  return rows
}

/** A home with a project in it, closed. */
async function usedHome(): Promise<string> {
  const home = await temporaryFolder()
  const app = await openCalledApp(home)
  await app.call('projects.create', { name: 'Kept' })
  await app.close()
  return home
}

describe('two apps on one home', () => {
  test('the second is refused with a sentence, and the first goes on', async () => {
    const first = await openCalledApp()
    await expect(openApp(first.home)).rejects.toMatchObject({
      code: 'store_in_use',
      message: expect.stringMatching(/already open with the folder .* Use the window that is open/) as string,
    })
    await first.call('projects.create', { name: 'Still here' })
    await first.close()
    const again = await openCalledApp(first.home)
    expect(await again.call('projects.list', {})).toMatchObject([{ name: 'Still here' }])
  })

  test('after a SIGKILL the next opens at once, whole, with the run offered again', async () => {
    const home = await temporaryFolder()
    const { projectId, modelId } = await prepared(home)
    const host = start('test/main/workers/app-at-work.ts', [
      home,
      projectId,
      modelId,
      JSON.stringify(endless),
    ])
    onTestFinished(() => void host.child.kill('SIGKILL'))
    await host.sees('trainer ')
    const trainer = Number(/trainer (\d+)/.exec(host.seen())?.[1])
    await host.sees('at step')
    await expect(openApp(home)).rejects.toMatchObject({ code: 'store_in_use' })
    host.child.kill('SIGKILL')
    await host.finished
    const killed = performance.now()
    const app = await openCalledApp(home)
    expect(performance.now() - killed).toBeLessThan(5_000)
    const [run] = await app.call('runs.list', { projectId })
    expect(run).toMatchObject({ status: 'interrupted', error: { code: 'run_interrupted' } })
    expect((await app.call('app.info', {})).notices).toMatchObject([{ runId: run?.id }])
    expect(await ask(join(home, 'store.sqlite'), 'PRAGMA integrity_check')).toEqual([
      { integrity_check: 'ok' },
    ])
    await expect.poll(() => isAlive(trainer), { timeout: 10_000 }).toBe(false)
  })
})

async function prepared(home: string) {
  const app = await openCalledApp(home)
  const project = await addTinyProject(app)
  await app.close()
  return project
}

describe('a store that cannot be used', () => {
  test.each([
    ['no SQLite file', (path: string) => writeFile(path, 'Dear diary, '.repeat(1000))],
    ['some bytes', (path: string) => writeFile(path, 'SQLite')],
    ['cut off in the middle', (path: string) => truncate(path, 20_000)],
    ['cut off in its first page', (path: string) => truncate(path, 150)],
    // All but the first page, which holds the header and the names of the tables.
    ['spoilt further in', async (path: string) => writeFile(path, (await readFile(path)).fill(0xa5, 4096))],
  ])('%s is kept aside and made anew, and the person is told', async (_what, damage) => {
    const home = await usedHome()
    const path = join(home, 'store.sqlite')
    const runFolder = join(home, 'projects', 'some-project', 'runs', 'some-run')
    await mkdir(runFolder, { recursive: true })
    await writeFile(join(runFolder, 'adapter.safetensors'), 'learnt')
    await damage(path)
    const before = await readFile(path)
    const app = await openCalledApp(home)
    expect(await app.call('projects.list', {})).toMatchObject([{ name: 'Kept' }])
    const { notices } = await app.call('app.info', {})
    const [kept] = (await readdir(home)).filter((name) => /^store\.damaged-.*\.sqlite$/.test(name))
    expect(notices).toMatchObject([
      { error: { code: 'store_damaged', message: expect.stringContaining(`kept as ${kept}`) as string } },
    ])
    expect((await readFile(join(home, kept ?? ''))).equals(before)).toBe(true)
    expect(await readFile(join(runFolder, 'adapter.safetensors'), 'utf8')).toBe('learnt')
  })

  test('a home that is a file is refused with a sentence', async () => {
    const home = join(await temporaryFolder(), 'file')
    await writeFile(home, 'x')
    const { code, message } = await openApp(home).then(
      () => ({ code: 'ok', message: '' }),
      (thrown: unknown) => errorValueOf(thrown),
    )
    expect([code, message]).toEqual(['file_invalid', expect.stringContaining('is a file, not a folder')])
  })
})

describe('a migration', () => {
  const second = [...migrations, 'CREATE TABLE later (id TEXT); ALTER TABLE project ADD COLUMN colour TEXT;']

  test('copies the store beside itself first, and keeps what is in it', async () => {
    const home = await usedHome()
    const store = await openStore(home, { migrations: second })
    expect(await store.all('SELECT name, colour FROM project')).toEqual([{ name: 'Kept', colour: null }])
    await store.close()
    const copy = join(home, `store.before-${second.length}.sqlite`)
    expect(await ask(copy, 'PRAGMA user_version')).toEqual([{ user_version: migrations.length }])
    expect(await ask(copy, 'SELECT name FROM project')).toEqual([{ name: 'Kept' }])
    expect((await readdir(home)).filter((name) => name.endsWith('.part'))).toEqual([])
    const older = await openStore(home)
    expect(older.readOnly).toMatchObject({ code: 'store_newer' })
    await older.close()
  })

  test('of an empty home makes no copy', async () => {
    const home = await temporaryFolder()
    await (await openStore(home, { migrations: second })).close()
    expect((await readdir(home)).toSorted()).toEqual(['lock.sqlite', 'store.sqlite'])
  })

  test('that fails leaves the store as it was', async () => {
    const home = await usedHome()
    const failing = [...migrations, 'CREATE TABLE later (id TEXT); DROP TABLE project; SELECT nonsense;']
    await expect(openStore(home, { migrations: failing })).rejects.toMatchObject({
      code: 'store_not_updated',
      message: expect.stringContaining('It is as it was') as string,
    })
    const store = await openStore(home)
    onTestFinished(() => store.close())
    expect(await store.all('SELECT name FROM project')).toEqual([{ name: 'Kept' }])
    expect(await store.get(`SELECT name FROM sqlite_schema WHERE name = 'later'`)).toBeNull()
  })
})

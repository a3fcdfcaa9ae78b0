/** The way of a store from one form to the next: copied first, all or nothing, whatever ends it. */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cp, readFile, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { connect } from '../../../main/store/connection.ts'
import { migrations } from '../../../main/store/migrations.ts'
import { openStore } from '../../../main/store/open.ts'
import { keptStores, readRows, unpackStore } from '../../stores/kept-stores.ts'
import { killAtMigration } from '../../stores/kill-migration.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const second = [...migrations, 'CREATE TABLE later (id TEXT);']
const storeOf = (home: string): string => join(home, 'store.sqlite')
const copyOf = (home: string, number = ''): string =>
  join(home, `store.before-${second.length}${number}.sqlite`)

/** A home with a store of version 3 in it. */
async function oldHome(): Promise<string> {
  const home = await temporaryFolder()
  await unpackStore('version-3', home)
  return home
}

async function copies(home: string): Promise<readonly string[]> {
  return (await readdir(home)).filter((name) => /^store\.before.*(sqlite|part)$/.test(name)).toSorted()
}

test('what a step was released as it stays, and of every version but the newest a store is kept', () => {
  const digests = migrations.map((step) => createHash('sha256').update(step).digest('hex').slice(0, 16))
  expect(digests).toEqual(['1dcf7e41c5c1ea4d', '40432f186d3406d5', 'd880abfc8c558123', 'd5c2c73b3811fd02'])
  const kept = new Set(keptStores.map(({ version }) => version))
  for (let version = 1; version < migrations.length; version++) expect([...kept]).toContain(version)
})

test('the copy holds what was in the log only, and is the store as it was', async () => {
  const home = await oldHome()
  const store = await connect(storeOf(home), 'write')
  await store.execute(`PRAGMA wal_autocheckpoint = 0; UPDATE project SET name = name || ' (in the log)'`)
  const left = await temporaryFolder()
  await cp(home, left, { recursive: true })
  await store.close()
  expect((await stat(`${storeOf(left)}-wal`)).size).toBeGreaterThan(0)
  await (await openStore(left, { migrations: second })).close()
  const rows = await readRows(copyOf(left))
  expect(rows.get('project')?.every(({ name }) => String(name).endsWith('(in the log)'))).toBe(true)
  expect(await copies(left)).toEqual([`store.before-${second.length}.sqlite`])
})

test('a failing step leaves the store to the byte, and a later attempt the copy', async () => {
  const home = await oldHome()
  const before = await readFile(storeOf(home))
  // The first of the two goes through, and is taken back with the second.
  const failing = [...second.slice(0, -1), 'CREATE TABLE later (id TEXT); DELETE FROM run; SELECT nonsense;']
  for (let attempt = 0; attempt < 3; attempt++) {
    await expect(openStore(home, { migrations: failing })).rejects.toMatchObject({
      code: 'store_not_updated',
      message: expect.stringContaining('It is as it was') as string,
    })
    expect((await readFile(storeOf(home))).equals(before)).toBe(true)
    expect((await readFile(copyOf(home))).equals(before)).toBe(true)
    expect(await copies(home)).toHaveLength(1)
  }
  await (await openStore(home, { migrations: second })).close()
  expect(await copies(home)).toHaveLength(1)
})

test('a copy that is another is kept beside the new one, and of many the three newest', async () => {
  const home = await oldHome()
  await writeFile(copyOf(home), 'a copy of another time')
  await (await openStore(home, { migrations: second })).close()
  expect(await readFile(copyOf(home), 'utf8')).toBe('a copy of another time')
  expect((await stat(copyOf(home, '-2'))).size).toBeGreaterThan(100_000)
  for (const [i, name] of [
    'store.before-2.sqlite',
    'store.before-3.sqlite',
    'store.before-3-2.sqlite',
  ].entries()) {
    await writeFile(join(home, name), name)
    await utimes(join(home, name), i, i)
  }
  await writeFile(join(home, 'store.before-my-holidays.sqlite'), 'not ours')
  await (await openStore(home, { migrations: [...second, 'CREATE TABLE third (id TEXT)'] })).close()
  expect(await copies(home)).toEqual(
    [
      `store.before-${second.length}-2.sqlite`,
      `store.before-${second.length + 1}.sqlite`,
      `store.before-${second.length}.sqlite`,
      'store.before-my-holidays.sqlite',
    ].toSorted(),
  )
})

test('a table that is made anew takes no rows of others with it', async () => {
  const home = await oldHome()
  const before = await readRows(storeOf(home))
  const { sql } = await schemaOf(home, 'project')
  const anew = `${sql.replace('TABLE project', 'TABLE project_2')}; INSERT INTO project_2 SELECT * FROM project;
    DROP TABLE project; ALTER TABLE project_2 RENAME TO project;`
  await (await openStore(home, { migrations: [...migrations, anew] })).close()
  const after = await readRows(storeOf(home))
  for (const table of ['project', 'source', 'example', 'run', 'chat'])
    expect([table, after.get(table)?.length]).toEqual([table, before.get(table)?.length])
  const lossy = [...migrations, anew, 'DELETE FROM passage WHERE id % 2 = 0']
  await expect(openStore(home, { migrations: lossy })).rejects.toMatchObject({ code: 'store_not_updated' })
  expect((await readRows(storeOf(home))).get('passage')).toEqual(before.get('passage'))
})

async function schemaOf(home: string, table: string): Promise<{ readonly sql: string }> {
  const store = await connect(storeOf(home), 'read')
  const row = await store.get<{ sql: string }>('SELECT sql FROM sqlite_schema WHERE name = ?', table)
  await store.close()
  return row ?? { sql: '' }
}

test('a damaged store is called so before a step is taken or a copy made', async () => {
  const home = await oldHome()
  const bytes = await readFile(storeOf(home))
  bytes.fill(0xa5, 20 * 4096, 24 * 4096)
  await writeFile(storeOf(home), bytes)
  await expect(openStore(home, { migrations: second })).rejects.toMatchObject({ code: 'store_damaged' })
  expect(await copies(home)).toEqual([])
})

test('a store that another program holds is said to be held', async () => {
  const home = await oldHome()
  const other = await connect(storeOf(home), 'write')
  await other.execute('BEGIN IMMEDIATE')
  await expect(openStore(home, { migrations: second })).rejects.toMatchObject({
    code: 'store_in_use',
    message: expect.stringContaining('another program') as string,
  })
  await other.close()
  await (await openStore(home, { migrations: second })).close()
})

test('killed at any moment the store is of the old form or the new one, whole, and the next start goes through', async () => {
  const outcome = await killAtMigration({ seed: 1, count: 2 })
  process.stdout.write(`${outcome.sentence}\n`)
  expect(outcome.faults).toEqual([])
  expect(outcome.killed).toBeGreaterThan(0)
})

// Set where this user may mount a small file system: the real thing, run by hand as root.
test.runIf(process.env['LORACLE_MOUNT_TESTS'] === '1')(
  'without room for the copy nothing is touched, and with room it goes through',
  async () => {
    const home = await temporaryFolder()
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', home])
    onTestFinished(() => void execFileSync('umount', ['-l', home]))
    await unpackStore('version-3', home)
    const before = await readFile(storeOf(home))
    await writeFile(join(home, 'ballast'), Buffer.alloc(4 * 1024 * 1024 - before.length - 1_100_000))
    const names = (await readdir(home)).toSorted()
    await expect(openStore(home, { migrations: second })).rejects.toMatchObject({ code: 'disk_full' })
    expect((await readFile(storeOf(home))).equals(before)).toBe(true)
    expect((await readdir(home)).toSorted()).toEqual([...names, 'lock.sqlite'].toSorted())
    await rm(join(home, 'ballast'))
    await (await openStore(home, { migrations: second })).close()
    expect((await readFile(copyOf(home))).equals(before)).toBe(true)
  },
)

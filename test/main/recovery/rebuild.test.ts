import { cp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { rebuildStore } from '../../../main/recovery/rebuild-store.ts'
import { migrations } from '../../../main/store/migrations.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'
import { damageStore } from './damages.ts'
import {
  damagedFiles,
  differences,
  fillHome,
  integrityOf,
  openHome,
  pausedSettings,
  tellAll,
  until,
} from './full-home.ts'
import type { OpenHome } from './full-home.ts'
import { killOpening } from './kill-rebuild.ts'
import { openSmallHome } from './small-home.ts'

const adapterOf = (folder: string) => readFile(join(folder, 'adapter', 'adapter_model.safetensors'))

test('a damaged store tells the same when it was made anew, and a paused run goes on to the same bytes', async () => {
  const folder = await temporaryFolder()
  const [home, kept] = [join(folder, 'home'), join(folder, 'kept')]
  const epochs = 20
  const { projectId, pausedRun } = await fillHome(home, { withSearch: false, epochs })
  const before = await openHome(home)
  const told = await tellAll(before)
  await before.close()
  await cp(home, kept, { recursive: true })
  const compare = async (app: OpenHome): Promise<void> => {
    const again = await tellAll(app)
    for (const key of differences(told, again)) expect({ [key]: again[key] }).toEqual({ [key]: told[key] })
    expect(Object.keys(again).length).toBeGreaterThan(30)
  }
  for (const seed of [1, 6]) {
    await rm(home, { recursive: true })
    await cp(kept, home, { recursive: true })
    await damageStore(home, seed)
    const app = await openHome(home)
    expect(app.app.rebuilt).toMatch(
      /Back are 2 projects, \d+ examples, \d+ passages, 2 runs, 1 chat and \d models/,
    )
    await compare(app)
    await app.close()
    expect(await integrityOf(home)).toBe('ok')
    expect((await damagedFiles(home)).length).toBeGreaterThan(0)
  }
  const app = await openHome(home)
  expect(app.app.rebuilt).toBeNull()
  const { modelId } = await app.call('projects.get', { projectId })
  const { id: other } = await app.call('runs.start', {
    ...{ projectId, modelId: modelId ?? '', name: 'Never paused' },
    settings: { ...pausedSettings, epochs },
  })
  await app.call('runs.resume', { runId: pausedRun })
  for (const runId of [other, pausedRun]) await until(app, runId, (status) => status === 'finished')
  const [whole, resumed] = [
    await app.call('runs.get', { runId: other }),
    await app.call('runs.get', { runId: pausedRun }),
  ]
  await app.close()
  expect((await adapterOf(resumed.folder)).equals(await adapterOf(whole.folder))).toBe(true)
})

test('killed in the middle, or with a full disk, nothing is lost and the next start does it again', async () => {
  const { home, open } = await openSmallHome(3000)
  const told = await tellAll(open)
  await open.close()
  const store = join(home, 'store.sqlite')
  const spoilt = Buffer.from('no store')
  await writeFile(store, spoilt)
  const names = await readdir(home)
  // SQLite takes a file that may not grow for a disk that is full.
  const bounded = [...migrations.slice(0, -1), `${migrations.at(-1) ?? ''}; PRAGMA max_page_count = 200;`]
  await expect(
    rebuildStore(home, { kind: 'damaged', reason: 'it is a text' }, { migrations: bounded }),
  ).rejects.toMatchObject({ code: 'disk_full' })
  expect((await readFile(store)).equals(spoilt)).toBe(true)
  expect(await readdir(home)).toEqual(names)
  let kills = 0
  for (const afterMs of [5, 60, 150, 300]) if (!(await killOpening(home, afterMs))) kills++
  expect(kills).toBeGreaterThan(0)
  const app = await openHome(home)
  const again = await tellAll(app)
  await app.close()
  for (const key of differences(told, again)) expect({ [key]: again[key] }).toEqual({ [key]: told[key] })
  const [kept] = await damagedFiles(home)
  expect((await readFile(join(home, kept ?? ''))).equals(spoilt)).toBe(true)
  expect((await readdir(home)).filter((name) => /rebu/.test(name))).toEqual([])
  expect(await integrityOf(home)).toBe('ok')
})

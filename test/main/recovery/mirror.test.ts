import { readFile, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { damagedFiles, openHome } from './full-home.ts'
import { openSmallHome } from './small-home.ts'

const filesOf = async (home: string, projectId: string) =>
  (await readdir(join(home, 'projects', projectId, 'dataset'))).toSorted()

test('a change writes the files of what it touched, and no others', async () => {
  const { home, open, projectId, add } = await openSmallHome(20)
  const second = await add(100, 30)
  await open.app.mirrored()
  const before = await filesOf(home, projectId)
  expect(before).toHaveLength(3)
  const { rows } = await open.call('data.examples', {
    ...{ projectId, offset: 0, limit: 1, search: null, split: null },
    ...{ sourceId: second, range: null },
  })
  const id = rows[0]?.id ?? 0
  await open.call('data.updateExample', { projectId, id, question: 'Whose?', answers: ['Ann100'] })
  await open.app.mirrored()
  const after = await filesOf(home, projectId)
  const isOther = (name: string) => !name.startsWith('splits') && !name.startsWith(second)
  expect(after.filter(isOther)).toEqual(before.filter(isOther))
  const name = after.find((one) => one.startsWith(second)) ?? ''
  expect(before).not.toContain(name)
  const text = gunzipSync(await readFile(join(home, 'projects', projectId, 'dataset', name))).toString()
  expect(text.split('\n').filter((line) => line.includes('"question":"Whose?"'))).toHaveLength(1)
  await open.call('data.removeSource', { projectId, sourceId: second })
  await open.app.mirrored()
  expect(await filesOf(home, projectId)).toHaveLength(2)
  await open.call('projects.delete', { projectId, force: true })
  await open.app.mirrored()
  expect(await readdir(join(home, 'projects'))).toEqual([])
  await open.close()
})

test('what a mirror lacks is written at the next start, and an older store is not taken for the newest', async () => {
  const { home, open, projectId } = await openSmallHome(20)
  await open.close()
  await rm(join(home, 'projects'), { recursive: true })
  const again = await openHome(home)
  expect(again.app.rebuilt).toBeNull()
  await again.app.mirrored()
  expect(await filesOf(home, projectId)).toHaveLength(2)
  const store = join(home, 'store.sqlite')
  await again.close()
  const early = await readFile(store)
  const third = await openHome(home)
  await third.call('projects.rename', { projectId, name: 'Renamed' })
  await third.close()
  // As somebody does who puts a copy back.
  await writeFile(store, early)
  const last = await openHome(home)
  expect(last.app.rebuilt).toContain('its last changes are gone')
  expect(await last.call('projects.list', {})).toMatchObject([{ name: 'Renamed', examples: 20 }])
  await last.close()
  const [kept] = await damagedFiles(home)
  expect((await stat(join(home, kept ?? ''))).size).toBe(early.length)
})

test('a file of the mirror that is damaged costs its own rows, and what came back is told', async () => {
  const { home, open, projectId, add } = await openSmallHome(20)
  const second = await add(100, 2000)
  await open.close()
  const name = (await filesOf(home, projectId)).find((one) => one.startsWith(second)) ?? ''
  const path = join(home, 'projects', projectId, 'dataset', name)
  await writeFile(path, (await readFile(path)).subarray(0, -2000))
  await rm(join(home, 'store.sqlite'))
  const again = await openHome(home)
  expect(again.app.rebuilt).toContain('1 row or file could not be read')
  const [project] = await again.call('projects.list', {})
  await again.close()
  expect(project?.examples).toBeGreaterThan(20)
  expect(project?.examples).toBeLessThan(2020)
  expect(await filesOf(home, projectId)).toContain(`${name}.damaged`)
})

test('damage that is met at work is told with the way out, which the next start goes', async () => {
  const { home, open, projectId } = await openSmallHome(2000)
  await open.close()
  const again = await openHome(home)
  const path = join(home, 'store.sqlite')
  await writeFile(path, (await readFile(path)).fill(0xa5, 4096))
  const asked = { projectId, offset: 0, limit: 100, search: 'waits', sourceId: null }
  await expect(again.call('data.passages', asked)).rejects.toMatchObject({
    code: 'store_damaged',
    message: expect.stringMatching(/Close Loracle and start it again/) as string,
  })
  expect(await readdir(home)).toContain('store.suspect')
  await again.close()
  const last = await openHome(home)
  expect(last.app.rebuilt).toContain('1 project, 2,000 examples')
  await last.close()
  expect(await readdir(home)).not.toContain('store.suspect')
})

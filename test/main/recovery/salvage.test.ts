import { cp, open as openFile, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { connect } from '../../../main/store/connection.ts'
import { differences, integrityOf, openHome, tellAll } from './full-home.ts'
import { openSmallHome } from './small-home.ts'

/** Overwrites the page that a table's index or the table itself begins with. */
async function spoilRoot(home: string, name: string): Promise<void> {
  const path = join(home, 'store.sqlite')
  const db = await connect(path, 'read')
  const row = await db.get<{ rootpage: number }>('SELECT rootpage FROM sqlite_schema WHERE name = ?', name)
  await db.close()
  await spoilPage(path, row?.rootpage ?? 0)
}

async function spoilPage(path: string, page: number): Promise<void> {
  const file = await openFile(path, 'r+')
  await file.write(Buffer.alloc(4096, 0xa5), 0, 4096, (page - 1) * 4096)
  await file.close()
}

async function removeMirror(home: string): Promise<void> {
  for (const name of ['library.jsonl.gz', 'mirror.json']) await rm(join(home, name), { force: true })
  await rm(join(home, 'projects'), { recursive: true, force: true })
}

test('what was written after the mirror comes back from the damaged file', async () => {
  const { home, open, projectId, add } = await openSmallHome(50)
  await open.app.mirrored()
  await cp(home, `${home}-early`, { recursive: true })
  await add(1000, 700)
  const { rows } = await open.call('data.passages', {
    projectId,
    offset: 0,
    limit: 1,
    search: null,
    sourceId: null,
  })
  const passageId = rows[0]?.id ?? 0
  await open.call('data.mark', { projectId, passageId, question: 'Since when?', start: 0, end: 6 })
  const first = await open.call('data.sources', { projectId })
  await open.call('data.removeSource', { projectId, sourceId: first[0]?.id ?? '' })
  const { id: chatId } = await open.call('chat.create', { projectId })
  await open.call('projects.create', { name: 'Late' })
  const told = await tellAll(open)
  await open.close()
  // The mirror of before all this.
  await removeMirror(home)
  for (const name of ['library.jsonl.gz', 'mirror.json', 'projects'])
    await cp(join(`${home}-early`, name), join(home, name), { recursive: true })
  await spoilRoot(home, 'example_by_key')
  const again = await openHome(home)
  expect(again.app.rebuilt).toContain('made anew')
  const after = await tellAll(again)
  for (const key of differences(told, after)) expect({ [key]: after[key] }).toEqual({ [key]: told[key] })
  expect(await again.call('chat.get', { chatId })).toMatchObject({ turns: [] })
  await again.close()
  expect(await integrityOf(home)).toBe('ok')
})

test('a store without a mirror, as an earlier version left it, gives back all but the spoilt pages', async () => {
  const { home, open } = await openSmallHome(1500)
  await open.close()
  await removeMirror(home)
  const path = join(home, 'store.sqlite')
  const pages = Math.floor((await stat(path)).size / 4096)
  // The middle of the file is the passages' and the examples' own.
  for (const share of [0.3, 0.35, 0.4]) await spoilPage(path, Math.floor(pages * share))
  const again = await openHome(home)
  const { rebuilt } = again.app
  expect(rebuilt).toMatch(/1 project/)
  const [project] = await again.call('projects.list', {})
  await again.close()
  // A page holds some ten passages, or some thirty examples.
  expect(project?.examples).toBeGreaterThan(1400)
  expect(project?.examples).toBeLessThanOrEqual(1500)
  expect(await integrityOf(home)).toBe('ok')
  expect((await readdir(home)).some((name) => name.startsWith('store.damaged-'))).toBe(true)
})

import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join, parse } from 'node:path'
import { expect, test } from 'vitest'
import { createFiles } from '../../../main/projects/folder-listing.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const list = (path: string | null) =>
  createFiles()['files.list']({ path }, { emit: () => undefined, signal: new AbortController().signal })

test('folders come first, in natural order, without what is hidden or broken', async () => {
  const folder = await temporaryFolder()
  for (const name of ['part 10', 'part 9', '.hidden']) await mkdir(join(folder, name))
  for (const name of ['b.csv', 'A.csv', '.secret']) await writeFile(join(folder, name), 'abc')
  await symlink(join(folder, 'part 9'), join(folder, 'link'))
  await symlink(join(folder, 'nowhere'), join(folder, 'broken'))
  const { path, parent, entries } = await list(folder)
  expect({ path, parent }).toEqual({ path: folder, parent: dirname(folder) })
  expect(entries.map(({ name, folder: isFolder, bytes }) => [name, isFolder, bytes])).toEqual([
    ['link', true, 0],
    ['part 9', true, 0],
    ['part 10', true, 0],
    ['A.csv', false, 3],
    ['b.csv', false, 3],
  ])
  expect(entries[3]?.path).toBe(join(folder, 'A.csv'))
})

test('null is the home folder, and the top has no parent', async () => {
  expect((await list(null)).path).toBe(homedir())
  expect((await list(parse(homedir()).root)).parent).toBeNull()
})

test('at most two thousand entries', async () => {
  const folder = await temporaryFolder()
  await Promise.all(Array.from({ length: 2010 }, (_, i) => writeFile(join(folder, `${i}.txt`), '')))
  expect((await list(folder)).entries).toHaveLength(2000)
})

test('what cannot be listed is said in a sentence', async () => {
  const folder = await temporaryFolder()
  await writeFile(join(folder, 'file'), '')
  await expect(list(join(folder, 'file'))).rejects.toMatchObject({ code: 'file_invalid' })
  await expect(list(join(folder, 'absent'))).rejects.toMatchObject({ code: 'file_missing' })
})

// The superuser may look into every folder.
test.skipIf(process.getuid?.() === 0 || process.platform === 'win32')('a locked folder says so', async () => {
  const folder = join(await temporaryFolder(), 'locked')
  await mkdir(folder)
  await chmod(folder, 0o000)
  await expect(list(folder)).rejects.toMatchObject({
    message: expect.stringContaining('permission') as string,
  })
})

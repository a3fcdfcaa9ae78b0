import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { writeAtomic } from '../../trainer/checkpoint/write-atomic.ts'
import { toErrorValue } from '../../trainer/errors.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const failure = async (work: Promise<void>) =>
  toErrorValue(
    await work.then(
      () => null,
      (thrown: unknown) => thrown,
    ),
  )

test('a file is replaced as a whole, and nothing is left beside it', async () => {
  const folder = await temporaryFolder()
  const path = join(folder, 'file')
  await writeAtomic(path, 'first and longer')
  await writeAtomic(path, Uint8Array.of(104, 105))
  expect(await readFile(path, 'utf8')).toBe('hi')
  expect(await readdir(folder)).toEqual(['file'])
})

test.skipIf(!existsSync('/dev/full'))('on a full disk the old file stays', async () => {
  const folder = await temporaryFolder()
  const path = join(folder, 'file')
  await writeAtomic(path, 'old')
  await symlink('/dev/full', `${path}.tmp`)
  expect(await failure(writeAtomic(path, 'new'))).toMatchObject({ code: 'disk_full' })
  expect(await readFile(path, 'utf8')).toBe('old')
  expect(await readdir(folder)).toEqual(['file'])
})

test('where the temporary file cannot be opened the old file stays', async () => {
  const folder = await temporaryFolder()
  const path = join(folder, 'file')
  await writeAtomic(path, 'old')
  await mkdir(`${path}.tmp`)
  expect(await failure(writeAtomic(path, 'new'))).toMatchObject({ code: 'file_invalid' })
  expect(await readFile(path, 'utf8')).toBe('old')
})

test('where the rename fails the temporary file is removed', async () => {
  const folder = await temporaryFolder()
  const path = join(folder, 'taken')
  await mkdir(path)
  await writeFile(join(path, 'inside'), 'kept')
  await expect(writeAtomic(path, 'new')).rejects.toThrow()
  expect(await readdir(folder)).toEqual(['taken'])
  expect(await readFile(join(path, 'inside'), 'utf8')).toBe('kept')
})

test('a folder that is not there, and a name that is too long', async () => {
  const folder = await temporaryFolder()
  expect(await failure(writeAtomic(join(folder, 'gone/file'), 'x'))).toMatchObject({ code: 'file_missing' })
  await expect(writeAtomic(join(folder, 'x'.repeat(300)), 'x')).rejects.toThrow('ENAMETOOLONG')
  expect(await readdir(folder)).toEqual([])
})

import { stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { makeFolder } from '../../main/store/files.ts'
import { openStore } from '../../main/store/open.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

test('a folder is made with those above it, once and again', async () => {
  const path = join(await temporaryFolder(), 'a', 'b', 'c')
  await Promise.all([makeFolder(path), makeFolder(path)])
  await makeFolder(path)
  expect((await stat(path)).isDirectory()).toBe(true)
})

test('a home folder that cannot be made is a sentence, not a hang', async () => {
  const file = join(await temporaryFolder(), 'file')
  await writeFile(file, '')
  for (const home of [file, join(file, 'below')])
    await expect(openStore(home)).rejects.toMatchObject({ code: 'file_invalid' })
})

// Node's own recursive mkdir never returns there.
test.runIf(process.platform === 'linux')('nor is one below /proc', async () => {
  await expect(openStore('/proc/nowhere/home')).rejects.toMatchObject({ code: 'write_failed' })
})

import { existsSync } from 'node:fs'
import { stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { makeFolder } from '../../trainer/make-folder.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

test('a folder is made with those above it; one that is there is left as it is', async () => {
  const root = await temporaryFolder()
  await makeFolder(join(root, 'a/b/c'))
  await makeFolder(join(root, 'a/b/c'))
  expect((await stat(join(root, 'a/b/c'))).isDirectory()).toBe(true)
  await writeFile(join(root, 'file'), '')
  await expect(makeFolder(join(root, 'file/in'))).rejects.toMatchObject({ code: 'ENOTDIR' })
})

// Node's recursive mkdir never came back here.
test.skipIf(!existsSync('/proc/self'))('a place that takes no folders ends with an error', async () => {
  await expect(makeFolder('/proc/nope/x')).rejects.toMatchObject({ code: 'ENOENT' })
})

/** One home folder, one process that writes: with real processes. */
import { chmod, mkdir, readdir, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openStore } from '../../../main/store/open.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'
import { start } from '../spawn-cli.ts'
import type { Running } from '../spawn-cli.ts'

/** A process that opens the store of a home and holds it; ended with the test. */
function holder(home: string): Running {
  const running = start('test/main/store/workers/open-store.ts', [home])
  onTestFinished(async () => {
    running.child.kill('SIGKILL')
    await running.finished
  })
  return running
}

const inUse = { code: 'store_in_use', message: expect.stringContaining('already open') as string }

test('of ten at once exactly one opens, the others are told and end with 1', async () => {
  const home = join(await temporaryFolder(), 'home')
  const all = Array.from({ length: 10 }, () => holder(home))
  const ends = await Promise.all(
    all.map(({ finished, sees }) =>
      Promise.race([finished, sees('open\n').then(() => null)]).catch(() => finished),
    ),
  )
  expect(ends.filter((end) => end === null)).toHaveLength(1)
  for (const end of ends.filter((one) => one !== null)) {
    expect(end.code).toBe(1)
    expect(end.stdout).toMatch(
      /store_in_use Loracle is already open with the folder .* Use the window that is open/,
    )
  }
})

test('who is stopped holds it still; who is killed holds it no more', async () => {
  const home = join(await temporaryFolder(), 'home')
  const { child, finished, sees } = holder(home)
  await sees('open\n')
  child.kill('SIGSTOP')
  await expect(openStore(home)).rejects.toMatchObject(inUse)
  child.kill('SIGKILL')
  await finished
  const store = await openStore(home)
  expect(await store.get(`SELECT value FROM kept WHERE key = 'holder'`)).toEqual({ value: String(child.pid) })
  await store.close()
})

test('a home is the same by whatever way it is reached', async () => {
  const folder = await temporaryFolder()
  const home = join(folder, 'home')
  const store = await openStore(home)
  onTestFinished(() => store.close())
  await symlink(home, join(folder, 'link'))
  for (const other of [join(folder, 'link'), join(folder, '.', 'x', '..', 'home') + '/', `${folder}//home`])
    await expect(openStore(other)).rejects.toMatchObject(inUse)
  // Another folder whose store is a link to this one.
  await mkdir(join(folder, 'other'))
  await symlink(join(home, 'store.sqlite'), join(folder, 'other', 'store.sqlite'))
  await expect(openStore(join(folder, 'other'))).rejects.toMatchObject(inUse)
  expect(await readdir(join(folder, 'other'))).toEqual(['store.sqlite'])
})

// Root may write everywhere; then /sys, where no file can be made, stands for such a folder.
test.runIf(process.platform === 'linux')(
  'a folder that cannot be written is refused with a sentence',
  async () => {
    const folder = await temporaryFolder()
    await chmod(folder, 0o555)
    const home = process.getuid?.() === 0 ? '/sys/kernel' : folder
    await expect(openStore(home)).rejects.toMatchObject({
      code: 'write_failed',
      message: expect.stringMatching(/cannot be opened for writing.*--home/) as string,
    })
  },
)

import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openStore } from '../../main/store/open.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

test('what was written is read at once, however much else is being read', async () => {
  const store = await openStore(join(await temporaryFolder(), 'home'))
  onTestFinished(() => store.close())
  let isWriting = true
  const readOn = async (): Promise<void> => {
    while (isWriting) await store.get('SELECT count(*) AS count FROM kept')
  }
  const readers = Array.from({ length: 8 }, readOn)
  const missed: number[] = []
  for (let i = 0; i < 300; i++) {
    await store.run('INSERT INTO kept (key, value) VALUES (?, ?)', `key ${i}`, 'value')
    if (!(await store.get('SELECT value FROM kept WHERE key = ?', `key ${i}`))) missed.push(i)
  }
  isWriting = false
  await Promise.all(readers)
  expect(missed).toEqual([])
})

import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openStore } from '../../main/store/open.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

/** The log is written to its place every 8000 pages of 4 kB; what comes while that is done is beside it. */
const most = 2 * 8000 * 4096

test('the log of writes stays bounded however long windows read meanwhile', async () => {
  const home = await temporaryFolder()
  const store = await openStore(home)
  try {
    await store.run('CREATE TABLE soak (id INTEGER PRIMARY KEY, text TEXT)')
    for (let id = 0; id < 10; id++) await store.run('INSERT INTO soak VALUES (?, ?)', id, '')
    let isOver = false
    let reads = 0
    const read = async (): Promise<void> => {
      for (; !isOver; reads++) {
        await store.all('SELECT id FROM soak LIMIT 5')
        await new Promise((resolve) => setTimeout(resolve, 1))
      }
    }
    const readers = [read(), read()]
    let largest = 0
    for (let write = 0; write < 330; write++) {
      const text = String.fromCharCode(97 + (write % 25)).repeat(256_000)
      await store.run('UPDATE soak SET text = ? WHERE id = ?', text, write % 10)
      if (write % 20 === 0) largest = Math.max(largest, (await stat(join(home, 'store.sqlite-wal'))).size)
    }
    isOver = true
    await Promise.all(readers)
    expect(reads).toBeGreaterThan(20)
    // 85 MB went through it.
    expect(largest).toBeGreaterThan(20e6)
    expect(largest).toBeLessThan(most)
    expect((await stat(join(home, 'store.sqlite'))).size).toBeLessThan(12e6)
  } finally {
    await store.close()
  }
})

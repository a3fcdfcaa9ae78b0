/** What the store keeps through: much at once, an end in the middle of work, a log that was left. */
import { cp, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { connect } from '../../../main/store/connection.ts'
import { openStore } from '../../../main/store/open.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const fill = `INSERT OR REPLACE INTO kept (key, value) SELECT 'k' || value, hex(randomblob(2000)) FROM json_each(?)`
const numbers = (count: number): string => JSON.stringify(Array.from({ length: count }, (_, i) => i))

test('what is written is synced before it counts as written', async () => {
  const store = await openStore(await temporaryFolder())
  onTestFinished(() => store.close())
  const level = await store.transaction((writer) => writer.get('PRAGMA synchronous'))
  expect(level).toEqual({ synchronous: 2 })
})

test('a log that one long import made large does not stay so', async () => {
  const home = await temporaryFolder()
  const store = await openStore(home)
  onTestFinished(() => store.close())
  const logBytes = async () => (await stat(join(home, 'store.sqlite-wal'))).size
  await store.run(fill.replace('hex(randomblob(2000))', 'hex(zeroblob(25000))'), numbers(1200))
  const large = await logBytes()
  for (let i = 0; i < 3; i++) await store.run(fill, numbers(10))
  const small = await logBytes()
  process.stdout.write(`log: ${large} bytes after the import, ${small} later\n`)
  expect(large).toBeGreaterThan(50e6)
  expect(small).toBeLessThanOrEqual(33_554_432)
})

test('closed in the middle of work it finishes what was begun, and refuses what comes after', async () => {
  const home = await temporaryFolder()
  const store = await openStore(home)
  const begun = store.transaction(async (writer) => {
    for (let i = 0; i < 20; i++) await writer.run(fill, JSON.stringify([i]))
  })
  const behind = store.run(fill, JSON.stringify([100]))
  const closing = store.close()
  await Promise.all([begun, behind, closing])
  await expect(store.run(fill, '[1]')).rejects.toMatchObject({ code: 'connection_lost' })
  await expect(store.get('SELECT 1')).rejects.toMatchObject({ code: 'connection_lost' })
  const again = await openStore(home)
  onTestFinished(() => again.close())
  expect(await again.get('SELECT count(*) AS count FROM kept')).toEqual({ count: 21 })
})

test('after an end out of order a store whose pages do not fit together is called damaged', async () => {
  const home = await temporaryFolder()
  const store = await openStore(home)
  await store.run(fill, numbers(300))
  const left = await temporaryFolder()
  await cp(home, left, { recursive: true })
  await store.close()
  // A page that the disk has lost: nothing that the start reads.
  const damaged = await connect(join(left, 'store.sqlite'), 'write')
  await damaged.execute(`PRAGMA writable_schema = ON;
    UPDATE sqlite_schema SET rootpage = (SELECT rootpage FROM sqlite_schema WHERE name = 'chat_turn')
      WHERE name = 'export'`)
  const whole = await temporaryFolder()
  await cp(left, whole, { recursive: true })
  await damaged.close()
  await expect(openStore(whole)).rejects.toMatchObject({ code: 'store_damaged' })
})

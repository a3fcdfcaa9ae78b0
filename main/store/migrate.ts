import { AppError } from '../contract/errors.ts'
import { backUp, removeOldCopies, requireRoomForCopy } from './back-up.ts'
import { connect } from './connection.ts'
import type { Connection } from './connection.ts'
import { asStoreError, storeDamaged, storeHeld } from './store-errors.ts'
import { bytesOf } from './store-file.ts'

/** The form that a store is in: how many steps it has gone. 0 for one that is empty. */
export async function versionOf(connection: Connection): Promise<number> {
  return (await connection.get<{ user_version: number }>('PRAGMA user_version'))?.user_version ?? 0
}

/**
 * Opens a store for writing, in the newest form: one that is older is first copied beside itself, then brought
 * forward, all steps or none.
 *
 * @param migrations the first makes version 1 of an empty store, the second version 2 of version 1, …
 * @throws AppError `store_damaged`, `store_not_updated` where a step does not go through, `disk_full` where there is
 *   no room for the copy; SQLite's errors. In all of them the store is as it was.
 */
export async function openInNewestForm(path: string, migrations: readonly string[]): Promise<Connection> {
  let writer = await connectWriter(path)
  try {
    const version = await versionOf(writer)
    if (version >= migrations.length) return writer
    if (version > 0) {
      await requireRoomForCopy(path)
      await requireSound(writer, path)
      // The last connection takes the log into the file as it closes: then the file is the whole store.
      await writer.close()
      if ((await bytesOf(`${path}-wal`)) > 0) throw storeHeld(path)
      await backUp(path, migrations.length)
      writer = await connectWriter(path)
    }
    await migrate(writer, { path, version, migrations })
    if (version > 0) await removeOldCopies(path).catch(() => undefined)
    return writer
  } catch (thrown) {
    await writer.close().catch(() => undefined)
    throw thrown
  }
}

async function connectWriter(path: string): Promise<Connection> {
  const writer = await connect(path, 'write')
  try {
    await writer.execute('PRAGMA journal_mode = WAL;')
    return writer
  } catch (thrown) {
    await writer.close().catch(() => undefined)
    throw thrown
  }
}

/** @throws AppError `store_damaged` where the store's pages do not fit together: no step is taken on such ground. */
export async function requireSound(connection: Connection, path: string): Promise<void> {
  const [first] = await connection.all<{ quick_check: string }>('PRAGMA quick_check(1)')
  if (first?.quick_check !== 'ok') throw storeDamaged(path)
}

interface Migration {
  readonly path: string
  readonly version: number
  readonly migrations: readonly string[]
}

async function migrate(writer: Connection, { path, version, migrations }: Migration): Promise<void> {
  // A step that makes a table anew drops the old one: with foreign keys on, all rows that refer to it would go too.
  await writer.execute('PRAGMA foreign_keys = OFF; BEGIN IMMEDIATE;')
  let step = version
  try {
    const lost = await countLost(writer)
    for (; step < migrations.length; step++) await writer.execute(migrations[step] ?? '')
    if ((await countLost(writer)) > lost) throw new Error('rows would refer to what is not there')
    await writer.execute(`PRAGMA user_version = ${migrations.length}; COMMIT;`)
  } catch (thrown) {
    // SQLite has already rolled back after some errors (a full disk); a second time is an error of its own.
    await writer.execute('ROLLBACK').catch(() => undefined)
    const known = await asStoreError(thrown, path)
    throw known instanceof AppError ? known : notBrought(path, step + 1, thrown)
  }
}

/** Rows that refer to what is not there. */
async function countLost(writer: Connection): Promise<number> {
  const found = await writer.get<{ count: number }>('SELECT count(*) AS count FROM pragma_foreign_key_check')
  return found?.count ?? 0
}

function notBrought(path: string, version: number, thrown: unknown): AppError {
  const said = thrown instanceof Error ? thrown.message : String(thrown)
  return new AppError(
    'store_not_updated',
    `${path} could not be brought to the form of this version: ${said}. It is as it was; go on with the version of Loracle that it was used with, or put it aside (rename it) and start again.`,
    { path, version },
  )
}

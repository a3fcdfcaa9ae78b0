import { dirname, join } from 'node:path'
import { AppError } from '../contract/errors.ts'
import { connect } from './connection.ts'
import type { Connection } from './connection.ts'
import { asStoreError, codeOf } from './store-errors.ts'

/** A lock that nothing referred to would be collected as garbage, and let go. */
const locks = new Set<Connection>()

/** A hold on a home folder; the system lets it go, whatever the process dies of. */
export interface Lock {
  close(): Promise<void>
}

/**
 * Holds a home folder for this process alone: a second file beside the store, locked for as long as the process
 * lives.
 *
 * @param home the folder as the person named it
 * @throws AppError `store_in_use` where another process holds it or reads it; `write_failed`, `disk_full`.
 */
export async function holdStore(storePath: string, home: string): Promise<Lock> {
  const path = lockFile(storePath)
  const lock = await connect(path, 'write').catch(async (thrown: unknown) => {
    throw await asStoreError(thrown, path)
  })
  return held(lock, { path, home, begin: 'PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE;' })
}

/**
 * Holds a home folder together with others that only read it, and writes nothing. Where nothing was ever locked there
 * (a copy on a disk that cannot be written) nothing is held.
 *
 * @throws AppError `store_in_use` where a process holds it for itself.
 */
export async function shareStore(storePath: string, home: string): Promise<Lock> {
  const path = lockFile(storePath)
  const lock = await connect(path, 'read').catch(() => null)
  if (!lock) return { close: () => Promise.resolve() }
  return held(lock, { path, home, begin: 'BEGIN; SELECT count(*) FROM sqlite_schema;' })
}

function lockFile(storePath: string): string {
  return join(dirname(storePath), 'lock.sqlite')
}

async function held(
  lock: Connection,
  { path, home, begin }: { readonly path: string; readonly home: string; readonly begin: string },
): Promise<Lock> {
  try {
    await lock.execute(`PRAGMA busy_timeout = 0; ${begin}`)
    locks.add(lock)
    return {
      close: async () => {
        await lock.close()
        locks.delete(lock)
      },
    }
  } catch (thrown) {
    await lock.close()
    if (!codeOf(thrown).startsWith('SQLITE_BUSY')) throw await asStoreError(thrown, path)
    throw new AppError(
      'store_in_use',
      `Loracle is already open with the folder ${home}. Use the window that is open, close it first, or choose another folder with --home.`,
      { home },
    )
  }
}

import { join } from 'node:path'
import { AppError } from '../contract/errors.ts'
import { connect } from './connection.ts'
import type { Connection, Reader, Writer } from './connection.ts'
import { makeFolder } from './files.ts'
import { checkStoreFile, migrate } from './migrate.ts'
import { migrations as allMigrations } from './migrations.ts'
import { asStoreError, codeOf } from './store-errors.ts'

/**
 * The app's store: one SQLite file in WAL mode. Reads go over a connection of their own and never wait for a long
 * import; writes are done one after another.
 */
export interface Store extends Reader {
  /** The folder that holds the store and the files beside it. */
  readonly home: string
  /** Runs one writing statement by itself. */
  run(...statement: Parameters<Writer['run']>): ReturnType<Writer['run']>
  /** Runs `work` as one transaction: all of it is kept, or, where it throws, nothing. */
  transaction<R>(work: (writer: Writer) => Promise<R>): Promise<R>
  close(): Promise<void>
}

/**
 * Opens the store of a home folder, makes it where there is none, and brings an older one forward. Held by one
 * process at a time.
 *
 * @param options.migrations other than the app's own; for tests
 * @throws AppError `store_in_use`, `store_newer`, `store_damaged`, `disk_full`, `write_failed`.
 */
export async function openStore(
  home: string,
  { migrations = allMigrations }: { readonly migrations?: readonly string[] } = {},
): Promise<Store> {
  await makeHome(home)
  const lock = await holdLock(home)
  const path = join(home, 'store.sqlite')
  const opened: Connection[] = []
  const close = async (): Promise<void> => {
    try {
      for (const connection of opened) await connection.close()
    } finally {
      await lock.close()
    }
  }
  try {
    await checkStoreFile(path, migrations.length)
    const writer = await connect(path, 'write')
    opened.unshift(writer)
    await writer.execute('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON;')
    // An import writes to a dozen indices at once: 64 MB hold them, where the default of 2 MB does not, and every
    // 32 MB of the log are often enough to write them to their place.
    await writer.execute('PRAGMA cache_size = -64000; PRAGMA wal_autocheckpoint = 8000;')
    await migrate(writer, path, migrations)
    const reader = await connect(path, 'read')
    opened.unshift(reader)
    return serialised(home, { reader, writer, close })
  } catch (thrown) {
    await close().catch(() => undefined)
    throw await asStoreError(thrown, path)
  }
}

async function makeHome(home: string): Promise<void> {
  await makeFolder(home).catch((thrown: unknown) => {
    const code = codeOf(thrown)
    if (code === 'EEXIST' || code === 'ENOTDIR')
      throw new AppError('file_invalid', `${home} is a file, not a folder. Name a folder with --home.`, {
        home,
      })
    throw new AppError(
      'write_failed',
      `The folder ${home} cannot be made (${code || 'unknown reason'}). Choose another folder with --home.`,
      { home },
    )
  })
}

/** A second file, locked for as long as the process lives: the system lets it go whatever the process dies of. */
async function holdLock(home: string): Promise<Connection> {
  const path = join(home, 'lock.sqlite')
  const lock = await connect(path, 'write').catch(async (thrown: unknown) => {
    throw await asStoreError(thrown, path)
  })
  try {
    await lock.execute('PRAGMA busy_timeout = 0; PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE;')
    return lock
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

interface Parts {
  readonly reader: Connection
  readonly writer: Connection
  readonly close: () => Promise<void>
}

function serialised(home: string, { reader, writer, close }: Parts): Store {
  let last: Promise<unknown> = Promise.resolve()
  const inTurn = <R>(work: () => Promise<R>): Promise<R> => {
    const mine = last.then(work)
    last = mine.catch(() => undefined)
    return mine
  }
  const told = async (thrown: unknown): Promise<never> => {
    throw await asStoreError(thrown, join(home, 'store.sqlite'))
  }
  return {
    home,
    all: (sql, ...values) => reader.all<never>(sql, ...values).catch(told),
    get: (sql, ...values) => reader.get<never>(sql, ...values).catch(told),
    run: (sql, ...values) => inTurn(() => writer.run(sql, ...values)).catch(told),
    transaction: (work) =>
      inTurn(async () => {
        await writer.execute('BEGIN IMMEDIATE').catch(told)
        try {
          const result = await work(writer)
          await writer.execute('COMMIT')
          return result
        } catch (thrown) {
          // SQLite has already rolled back after some errors (a full disk); a second time is an error of its own.
          await writer.execute('ROLLBACK').catch(() => undefined)
          return told(thrown)
        }
      }),
    close: () => inTurn(close),
  }
}

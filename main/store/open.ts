import { realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { AppError } from '../contract/errors.ts'
import type { Connection, Reader, Writer } from './connection.ts'
import { connect } from './connection.ts'
import { makeFolder } from './files.ts'
import { holdStore } from './lock.ts'
import { openInNewestForm, requireSound } from './migrate.ts'
import { migrations as allMigrations } from './migrations.ts'
import { openNewerStore } from './read-only.ts'
import type { NewerStore } from './read-only.ts'
import { asStoreError, codeOf } from './store-errors.ts'
import { leftoversOf, newestVersionIn } from './store-file.ts'

/**
 * The app's store: one SQLite file in WAL mode. Reads go over a connection of their own and never wait for a long
 * import; writes are done one after another. What was written is on the disk when the call returns: it outlives the
 * end of the process and of the power.
 */
export interface Store extends Reader {
  /** The folder that holds the store and the files beside it. */
  readonly home: string
  /** Why nothing can be written (a newer version made the store): thrown by all that writes. Null where it can. */
  readonly readOnly: AppError | null
  /** Runs one writing statement by itself. */
  run(...statement: Parameters<Writer['run']>): ReturnType<Writer['run']>
  /** Runs `work` as one transaction: all of it is kept, or, where it throws, nothing. */
  transaction<R>(work: (writer: Writer) => Promise<R>): Promise<R>
  close(): Promise<void>
}

/**
 * Opens the store of a home folder, makes it where there is none, and brings an older one forward. Held by one
 * process at a time. One that a newer version made is opened for reading alone, and nothing beside it changes.
 *
 * @param options.migrations other than the app's own; for tests
 * @throws AppError `store_in_use`, `store_damaged`, `store_not_updated`, `disk_full`, `write_failed`.
 */
export async function openStore(
  home: string,
  { migrations = allMigrations }: { readonly migrations?: readonly string[] } = {},
): Promise<Store> {
  const path = await storePath(home)
  if ((await newestVersionIn(path)) > migrations.length) {
    const newer = await openNewerStore(path, { home, migrations })
    if (newer) return readOnlyStore(home, newer)
  }
  await makeHome(home)
  const lock = await holdStore(path, home)
  const opened: Connection[] = []
  const close = async (): Promise<void> => {
    // The reader first: the last one takes the log into the file. Each is tried, whatever the others did.
    const ends = [...opened.splice(0), lock]
    const failures: unknown[] = []
    for (const end of ends) await end.close().catch((thrown: unknown) => failures.push(thrown))
    if (failures.length > 0) throw failures[0]
  }
  try {
    const isUnclean = (await leftoversOf(path)).length > 0
    const writer = await openInNewestForm(path, migrations)
    opened.unshift(writer)
    if (isUnclean) await requireSound(writer, path)
    await writer.execute('PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;')
    // An import writes to a dozen indices at once: 64 MB hold them, where the default of 2 MB does not, and every
    // 32 MB of the log are often enough to write them to their place.
    await writer.execute('PRAGMA cache_size = -64000; PRAGMA wal_autocheckpoint = 8000;')
    // A log that one long import made large does not stay so.
    await writer.execute('PRAGMA journal_size_limit = 33554432;')
    const reader = await connect(path, 'read')
    opened.unshift(reader)
    return serialised(home, { path, reader, writer, close })
  } catch (thrown) {
    await close().catch(() => undefined)
    throw await asStoreError(thrown, path)
  }
}

/** Where the store of a home folder lies: what is a link is followed, so that one store has one lock. */
async function storePath(home: string): Promise<string> {
  const path = join(home, 'store.sqlite')
  return realpath(path).catch(() => path)
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

interface Parts {
  readonly path: string
  readonly reader: Connection
  readonly writer: Connection
  readonly close: () => Promise<void>
}

function serialised(home: string, { path, reader, writer, close }: Parts): Store {
  let last: Promise<unknown> = Promise.resolve()
  const inTurn = <R>(work: () => Promise<R>): Promise<R> => {
    const mine = last.then(work)
    last = mine.catch(() => undefined)
    return mine
  }
  const told = async (thrown: unknown): Promise<never> => {
    throw await asStoreError(thrown, path)
  }
  return {
    home,
    readOnly: null,
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

function readOnlyStore(home: string, { reader, refusal, close }: NewerStore): Store {
  const refuse = () => Promise.reject(refusal)
  return {
    home,
    readOnly: refusal,
    all: reader.all,
    get: reader.get,
    run: refuse,
    transaction: refuse,
    close,
  }
}

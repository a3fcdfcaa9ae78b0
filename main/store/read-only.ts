import { copyFile, mkdtemp, rm, statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { AppError } from '../contract/errors.ts'
import { connect } from './connection.ts'
import type { Reader } from './connection.ts'
import { shareStore } from './lock.ts'
import { versionOf } from './migrate.ts'
import { asStoreError, storeFull } from './store-errors.ts'
import { bytesOf, leftoversOf } from './store-file.ts'

/**
 * What an earlier process left at work is not at work, and nothing may set that right in the store: the reader sees a
 * copy of the tables that say so, in memory, under their own names. A table that a newer version has changed stays.
 */
const atRest = [
  'PRAGMA temp_store = MEMORY',
  `CREATE TEMP TABLE run AS SELECT * FROM main.run ORDER BY rowid;
   UPDATE temp.run SET status = 'interrupted' WHERE status IN ('starting', 'running', 'pausing', 'stopping');
   UPDATE temp.run SET status = 'paused' WHERE status = 'queued';`,
  `CREATE TEMP TABLE search AS SELECT * FROM main.search ORDER BY rowid;
   UPDATE temp.search SET status = 'interrupted' WHERE status IN ('running', 'stopping');`,
  `CREATE TEMP TABLE trial AS SELECT * FROM main.trial;
   UPDATE temp.trial SET status = 'waiting' WHERE status = 'running';`,
]

/** A store of a newer version, open for reading alone. */
export interface NewerStore {
  /** Refuses to read tables that lack what this version reads of them. */
  readonly reader: Reader
  /** Why nothing can be written, and what to do. */
  readonly refusal: AppError
  close(): Promise<void>
}

/**
 * Opens a store that a newer version made, so that not a byte beside it changes: SQLite is told that nobody writes,
 * which the lock sees to. What a newer version left in its log can only be read by taking it into the store: that is
 * done on a copy in the system's temporary folder.
 *
 * @returns null where it is of a version that this one knows after all
 * @throws AppError `store_in_use`, `store_damaged`, `disk_full`.
 */
export async function openNewerStore(
  path: string,
  { home, migrations }: { readonly home: string; readonly migrations: readonly string[] },
): Promise<NewerStore | null> {
  const lock = await shareStore(path, home)
  const ends: (() => Promise<void>)[] = [lock.close]
  const close = async (): Promise<void> => {
    for (const end of ends.splice(0)) await end().catch(() => undefined)
  }
  try {
    const leftovers = await leftoversOf(path)
    const copy = leftovers.length === 0 ? null : await copyStore([path, ...leftovers])
    if (copy) ends.unshift(() => rm(copy, { recursive: true, force: true }))
    const reader = copy
      ? await connect(join(copy, basename(path)), 'write')
      : await connect(path, 'immutable')
    ends.unshift(reader.close)
    const version = await versionOf(reader)
    if (version > migrations.length) {
      for (const change of atRest) await reader.execute(change).catch(() => undefined)
      await reader.execute('PRAGMA query_only = ON')
      const refusal = storeNewer(path, { version, known: migrations.length })
      return { reader: readKnown(reader, await changedTables(reader, migrations), refusal), refusal, close }
    }
    await close()
    return null
  } catch (thrown) {
    await close()
    throw await asStoreError(thrown, path)
  }
}

/** The tables that are not what this version knows: they are gone, or a column is. More columns do no harm. */
async function changedTables(reader: Reader, migrations: readonly string[]): Promise<readonly string[]> {
  const columns = `SELECT t.name AS name, c.name AS column FROM sqlite_schema t JOIN pragma_table_info(t.name) c
    WHERE t.type = 'table'`
  const model = await connect(':memory:', 'write')
  try {
    for (const step of migrations) await model.execute(step)
    const wanted = await model.all<{ name: string; column: string }>(columns)
    const found = await reader.all<{ name: string; column: string }>(columns)
    const there = new Set(found.map(({ name, column }) => `${name} ${column}`))
    const changed = wanted.filter(({ name, column }) => !there.has(`${name} ${column}`))
    return [...new Set(changed.map(({ name }) => name))]
  } finally {
    await model.close()
  }
}

/** A row without a column would be shown as if it had none: such tables are not read at all. */
function readKnown(reader: Reader, changed: readonly string[], { details }: AppError): Reader {
  const unknown = changed.length === 0 ? /(?!)/ : new RegExp(`\\b(?:${changed.join('|')})\\b`, 'i')
  const requireKnown = (sql: string): void => {
    if (unknown.test(sql)) throw notKnown(details)
  }
  return {
    all: async (sql, ...values) => {
      requireKnown(sql)
      return reader.all(sql, ...values)
    },
    get: async (sql, ...values) => {
      requireKnown(sql)
      return reader.get(sql, ...values)
    },
  }
}

/** A newer version keeps something in another form. */
export function notKnown(details: AppError['details']): AppError {
  return new AppError(
    'store_newer',
    'A newer version of Loracle keeps this in a form that this version does not know. Update Loracle to see it.',
    details,
  )
}

async function copyStore(files: readonly string[]): Promise<string> {
  const sizes = await Promise.all(files.map(bytesOf))
  const { bavail, bsize } = await statfs(tmpdir())
  const copy = await mkdtemp(join(tmpdir(), 'loracle-newer-'))
  try {
    if (bavail * bsize < sizes.reduce((sum, bytes) => sum + bytes, 0)) throw storeFull(copy)
    for (const file of files) await copyFile(file, join(copy, basename(file)))
    return copy
  } catch (thrown) {
    await rm(copy, { recursive: true, force: true })
    throw thrown
  }
}

function storeNewer(path: string, { version, known }: { version: number; known: number }): AppError {
  return new AppError(
    'store_newer',
    `These projects were last used with a newer version of Loracle. Here they can be looked at, but not changed. Update Loracle to work on them, or choose another folder with --home.`,
    { path, version, known },
  )
}

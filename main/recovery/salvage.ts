import { hash } from 'node:crypto'
import { connect } from '../store/connection.ts'
import type { Connection, SqlValue } from '../store/connection.ts'
import { isDamage, mirroredProjects } from './judge-store.ts'
import { mirrorPaths } from './layout.ts'
import { insertLines } from './read-rows.ts'
import type { Restored } from './read-rows.ts'
import { columnsOf, rowText } from './row-text.ts'

/** Tables whose rows are taken where the mirror does not have them. */
const small = [
  ...['kept', 'model', 'download', 'saved_mapping', 'notice', 'chat', 'chat_turn', 'export', 'draft'],
  ...['search', 'run', 'run_log'],
]
/** Tables without numbered rows, and the rows that theirs belong to. */
const owned = { trial: ['search', 'search_id'], comparison: ['run', 'run_id'] } as const
/** A project's data, in the order in which they refer to one another. */
const data = ['passage', 'example', 'problem'] as const

const longestMs = 120_000
const rowsPerPage = 500

/** A project whose data in the old store are newer than its mirror, or that has none. */
interface Newer {
  readonly id: string
}

interface Step {
  readonly form: number
  restore(db: Connection): Promise<void>
}

/**
 * What can still be read of a store that is to be set aside, for what the mirror lacks: rows that were written in the
 * last moments, and projects that have no mirror yet. Where a page is destroyed its neighbours are read around it.
 * Nothing is read for longer than two minutes. No step where not even the list of tables can be read.
 */
export async function readDamaged(
  home: string,
  { restored, now }: { readonly restored: Restored; readonly now: number },
): Promise<readonly Step[]> {
  const path = mirrorPaths(home).store
  const form = await withStore(path, async (old) => {
    const row = await old.get<{ user_version: number }>('PRAGMA user_version')
    const tables = await old.get<{ count: number }>('SELECT count(*) AS count FROM sqlite_schema')
    return tables && tables.count > 0 ? (row?.user_version ?? 0) : 0
  })
  if (form === null || form === 0) return []
  const manifests = await mirroredProjects(home)
  const until = now + longestMs
  return [
    {
      form,
      restore: async (db) => {
        await withStore(path, async (old) => {
          const reading: Reading = { old, db, restored, until }
          for (const newer of await newerProjects(reading, manifests)) await takeProject(reading, newer)
          for (const table of small)
            await takeRows(reading, { table, where: '1', values: [], verb: 'IGNORE' })
          for (const [table, [owner, column]] of Object.entries(owned))
            for (const { id } of await db.all<{ id: string }>(`SELECT id FROM ${owner}`))
              await takeOwned(reading, { table, column, id })
        })
      },
    },
  ]
}

interface Reading {
  readonly old: Connection
  readonly db: Connection
  readonly restored: Restored
  readonly until: number
}

/** Null where the store cannot even be opened, or is damaged where `work` does not expect it. */
async function withStore<R>(path: string, work: (old: Connection) => Promise<R>): Promise<R | null> {
  const old = await connect(path, 'read').catch(() => null)
  if (!old) return null
  try {
    return await work(old)
  } catch (thrown) {
    if (isUnreadable(thrown)) return null
    throw thrown
  } finally {
    await old.close().catch(() => undefined)
  }
}

async function newerProjects(
  { old }: Reading,
  manifests: ReadonlyMap<string, number>,
): Promise<readonly Newer[]> {
  const rows = await old
    .all<{ id: string; version: number }>('SELECT id, data_version AS version FROM project')
    .catch((thrown: unknown) => {
      if (isUnreadable(thrown)) return []
      throw thrown
    })
  return rows.filter(({ id, version }) => version > (manifests.get(id) ?? -1))
}

/** Lays a project's newer rows over those of its mirror; where all could be read, those that are not there go. */
async function takeProject(reading: Reading, { id }: Newer): Promise<void> {
  const { old, db } = reading
  const values = [id]
  await takeRows(reading, { table: 'project', where: 'id = ?1', values, verb: 'REPLACE' })
  await takeRows(reading, {
    table: 'source',
    where: 'project_id = ?1 AND ready = 1',
    values,
    verb: 'REPLACE',
  })
  const known = await tolerant(() =>
    old.all<{ id: string }>('SELECT id FROM source WHERE project_id = ? AND ready = 1', id),
  )
  if (known !== unread)
    await db.run(
      'DELETE FROM source WHERE project_id = ? AND id NOT IN (SELECT value FROM json_each(?))',
      ...[id, JSON.stringify(known.map((source) => source.id))],
    )
  const sources = await db.all<{ id: string }>('SELECT id FROM source WHERE project_id = ?', id)
  await db.execute('CREATE TEMP TABLE IF NOT EXISTS seen (id INTEGER PRIMARY KEY)')
  for (const table of data) {
    await db.execute('DELETE FROM seen')
    const isWhole = await takeRows(reading, { table, where: 'project_id = ?1', values, verb: 'REPLACE' })
    if (isWhole)
      await db.run(`DELETE FROM ${table} WHERE project_id = ? AND id NOT IN (SELECT id FROM seen)`, id)
  }
  for (const source of sources)
    await takeOwned(reading, {
      ...{ table: 'shared_passage', column: 'source_id', id: source.id },
      verb: 'REPLACE',
    })
}

interface Wanted {
  readonly table: string
  readonly where: string
  readonly values: readonly SqlValue[]
  readonly verb: 'IGNORE' | 'REPLACE'
}

/** Takes the rows of a numbered table, around those that cannot be read; true where all could be. */
async function takeRows(reading: Reading, wanted: Wanted): Promise<boolean> {
  const { old, until } = reading
  const { table, where, values } = wanted
  const columns = await columnsOf(old, table)
  if (columns.length === 0) return true
  const limits = await tolerant(() =>
    old.get<{ last: number | null }>(`SELECT max(rowid) AS last FROM ${table}`),
  )
  if (limits === unread) return false
  const last = limits?.last ?? 0
  const line = rowText(columns)
  const readRange = (from: number, to: number) =>
    tolerant(() =>
      old.all<{ number: number; line: string }>(
        `SELECT rowid AS number, ${line} AS line FROM ${table}
          WHERE ${where} AND rowid BETWEEN ?${values.length + 1} AND ?${values.length + 2}`,
        ...[...values, from, to],
      ),
    )
  let isWhole = true
  // Between the first row that was lost and the next that is there the steps grow: whole branches may be gone.
  let lost = 0
  const take = async (from: number, to: number): Promise<void> => {
    if (Date.now() > until) {
      isWhole = false
      return
    }
    const rows = await readRange(from, to)
    if (rows !== unread) {
      lost = 0
      await keepRows(reading, wanted, rows)
      return
    }
    isWhole = false
    if (to === from || lost > 40) {
      lost++
      return
    }
    const middle = Math.floor((from + to) / 2)
    await take(from, middle)
    await take(middle + 1, to)
  }
  for (let from = 0; from <= last; from += rowsPerPage) {
    const to = Math.min(last, from + rowsPerPage - 1)
    await take(from, to)
  }
  return isWhole
}

async function keepRows(
  { db, restored }: Reading,
  { table, verb }: Wanted,
  rows: readonly { readonly number: number; readonly line: string }[],
): Promise<void> {
  const sound = rows.filter(({ line }) => isSound(table, line))
  restored.unreadable += rows.length - sound.length
  if (sound.length === 0) return
  await insertLines(db, { table, lines: sound.map(({ line }) => line), restored, verb })
  if (verb === 'REPLACE' && data.some((name) => name === table))
    await db.run(
      'INSERT OR IGNORE INTO seen SELECT value FROM json_each(?)',
      JSON.stringify(sound.map(({ number }) => number)),
    )
}

interface OwnedRows {
  readonly table: string
  readonly column: string
  readonly id: string
  readonly verb?: Wanted['verb']
}

async function takeOwned(
  { old, db, restored }: Reading,
  { table, column, id, verb = 'IGNORE' }: OwnedRows,
): Promise<void> {
  const columns = await columnsOf(old, table)
  const rows = await tolerant(() =>
    old.all<{ line: string }>(`SELECT ${rowText(columns)} AS line FROM ${table} WHERE ${column} = ?`, id),
  )
  if (rows === unread || rows.length === 0) return
  if (verb === 'REPLACE') await db.run(`DELETE FROM ${table} WHERE ${column} = ?`, id)
  await insertLines(db, { table, lines: rows.map(({ line }) => line), restored })
}

/** Columns that hold JSON; what was written over seldom does. */
const jsonColumns = [
  'settings',
  'answers',
  'changed',
  'splits',
  'facts',
  'passages',
  'plan',
  'error',
  'heading',
]

/** SQLite has no sums over its pages: a row whose text was written over is known by what its columns must hold. */
function isSound(table: string, line: string): boolean {
  try {
    const row = JSON.parse(line) as Record<string, unknown>
    for (const name of jsonColumns) if (typeof row[name] === 'string') JSON.parse(row[name])
    return table !== 'passage' || hash('sha256', String(row['text']), 'hex') === row['hash']
  } catch {
    return false
  }
}

const unread = Symbol('unread')

async function tolerant<R>(read: () => Promise<R>): Promise<R | typeof unread> {
  try {
    return await read()
  } catch (thrown) {
    if (isUnreadable(thrown)) return unread
    throw thrown
  }
}

/** Damage shows as SQLite's own code, or as a schema that makes no sense. */
function isUnreadable(thrown: unknown): boolean {
  return isDamage(thrown) || (thrown instanceof Error && thrown.message.startsWith('SQLITE_ERROR'))
}

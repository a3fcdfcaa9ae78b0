/** The stores kept from earlier versions, unpacked into a home folder of their own. */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { connect } from '../../main/store/connection.ts'
import type { SqlValue } from '../../main/store/connection.ts'

export type Row = Readonly<Record<string, SqlValue>>

export interface KeptStore {
  /** `version-2-first`: the folder that it lies in. */
  readonly name: string
  readonly version: number
}

/** Every kept store, oldest first. */
export const keptStores: readonly KeptStore[] = readdirSync(import.meta.dirname)
  .flatMap((name) => {
    const version = /^version-(\d+)/.exec(name)?.[1]
    return version === undefined ? [] : [{ name, version: Number(version) }]
  })
  .sort((a, b) => a.version - b.version || (a.name < b.name ? -1 : 1))

/** The home folder that the makers of the stores wrote into them. */
const keptHome = '/home/ada/loracle'

/** Unpacks a kept store into a home folder, its runs' paths set to it, with the first run's metrics. */
export async function unpackStore(name: string, home: string): Promise<void> {
  const kept = join(import.meta.dirname, name)
  const unpack = async (file: string) => gunzipSync(await readFile(join(kept, `${file}.gz`)))
  await mkdir(home, { recursive: true })
  const path = join(home, 'store.sqlite')
  await writeFile(path, await unpack('store.sqlite'))
  const store = await connect(path, 'write')
  // As the app keeps it; the kept file was written in one go.
  await store.execute('PRAGMA journal_mode = WAL')
  await store.run('UPDATE run SET folder = replace(folder, ?, ?)', keptHome, home)
  const first = await store.get<{ folder: string }>(`SELECT folder FROM run WHERE name = 'First run'`)
  await store.close()
  const metrics = join(first?.folder ?? home, 'metrics.jsonl')
  await mkdir(dirname(metrics), { recursive: true })
  await writeFile(metrics, await unpack('metrics.jsonl'))
}

/** All rows of a store by table, in the order of their keys; what the full-text index keeps for itself left out. */
export async function readRows(path: string): Promise<ReadonlyMap<string, readonly Row[]>> {
  const store = await connect(path, 'read')
  const tables = await store.all<{ name: string }>(
    `SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'passage\\_text%' ESCAPE '\\' ORDER BY name`,
  )
  const rows = new Map<string, readonly Row[]>()
  for (const { name } of tables) {
    const columns = await store.all(`PRAGMA table_info("${name}")`)
    const order = columns.length > 1 ? '1, 2' : '1'
    rows.set(name, await store.all<Row>(`SELECT * FROM "${name}" ORDER BY ${order}`))
  }
  await store.close()
  return rows
}

/** The tables, indices and triggers of a store as SQL, with single spaces. */
export async function readSchema(path: string): Promise<readonly string[]> {
  const store = await connect(path, 'read')
  const found = await store.all<{ sql: string }>('SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL')
  await store.close()
  return found.map(({ sql }) => normalised(sql)).toSorted()
}

/** Comments, white space and the quotes that a rename puts around names are no difference. */
function normalised(sql: string): string {
  return sql
    .replace(/--[^\n]*/g, '')
    .replaceAll('"', '')
    .replace(/\s+/g, ' ')
    .replace(/ ?([(),]) ?/g, '$1')
    .trim()
}

import type { Reader, Writer } from '../store/connection.ts'
import type { Store } from '../store/open.ts'
import { columnsOf } from './row-text.ts'

/**
 * What a change of a row touches: an SQL expression over the row, which is `{row}`. New passages and examples are seen
 * by their numbers and need no trigger: an import would pay for it a million times.
 */
const scopes: Readonly<Record<string, { readonly scope: string; readonly on?: readonly Event[] }>> = {
  project: { scope: `'project:' || {row}.id` },
  source: { scope: `'project:' || {row}.project_id` },
  passage: { scope: `'source:' || {row}.source_id`, on: ['UPDATE', 'DELETE'] },
  example: { scope: `'source:' || {row}.source_id`, on: ['UPDATE', 'DELETE'] },
  shared_passage: { scope: `'source:' || {row}.source_id`, on: ['UPDATE', 'DELETE'] },
  problem: { scope: `'source:' || {row}.source_id` },
  draft: { scope: `'drafts:' || {row}.project_id` },
  chat: { scope: `'chats:' || {row}.project_id` },
  chat_turn: { scope: `(SELECT 'chats:' || project_id FROM chat WHERE id = {row}.chat_id)` },
  search: { scope: `'searches:' || {row}.project_id` },
  trial: { scope: `(SELECT 'searches:' || project_id FROM search WHERE id = {row}.search_id)` },
  export: { scope: `'exports:' || {row}.project_id` },
  run: { scope: `'run:' || {row}.id` },
  run_log: { scope: `'run:' || {row}.run_id` },
  comparison: { scope: `'run:' || {row}.run_id`, on: ['INSERT', 'UPDATE'] },
  kept: { scope: `iif({row}.key = 'mirror sequence', NULL, 'library')` },
  model: { scope: `'library'` },
  download: { scope: `'library'` },
  saved_mapping: { scope: `'library'` },
  notice: { scope: `'library'` },
}

type Event = 'INSERT' | 'UPDATE' | 'DELETE'
const events: readonly Event[] = ['INSERT', 'UPDATE', 'DELETE']

/**
 * Makes the store's writing connection note what it changes. Nothing is added to the store: table and triggers are
 * temporary and go with the connection.
 */
export async function watchTouched(store: Store): Promise<void> {
  await store.transaction(async (writer) => {
    await writer.run('CREATE TEMP TABLE touched (scope TEXT PRIMARY KEY) WITHOUT ROWID')
    for (const [table, { scope, on = events }] of Object.entries(scopes)) {
      for (const event of on) await addTrigger(writer, { table, event, scope })
    }
    await addTrigger(writer, { table: 'run', event: 'DELETE', scope: `'project:' || {row}.project_id` })
    await writer.run(
      triggerText('example_split', 'UPDATE OF split ON main.example WHEN old.split <> new.split', [
        `'splits:' || new.project_id`,
      ]),
    )
  })
}

/** What was touched, and how often anything was. */
export interface Touched {
  readonly scopes: readonly string[]
  /** Kept in the store: one that names less than its mirror has lost its last changes. Null where nothing was. */
  readonly sequence: number | null
}

/** The scopes that were touched since this was last asked. */
export function takeTouched(store: Store): Promise<Touched> {
  return store.transaction(async (writer) => {
    const rows = await writer.all<{ scope: string }>('SELECT scope FROM temp.touched')
    if (rows.length === 0) return { scopes: [], sequence: null }
    await writer.run('DELETE FROM temp.touched')
    const sequence = (await readSequence(writer)) + 1
    await setSequence(writer, sequence)
    return { scopes: rows.map(({ scope }) => scope), sequence }
  })
}

const sequenceKey = 'mirror sequence'

export async function readSequence(reader: Reader): Promise<number> {
  const row = await reader.get<{ value: string }>('SELECT value FROM kept WHERE key = ?', sequenceKey)
  return row === null ? 0 : Number(row.value)
}

export async function setSequence(writer: Pick<Writer, 'run'>, sequence: number): Promise<void> {
  await writer.run('INSERT OR REPLACE INTO kept (key, value) VALUES (?, ?)', sequenceKey, String(sequence))
}

async function addTrigger(
  writer: Writer,
  { table, event, scope }: { readonly table: string; readonly event: Event; readonly scope: string },
): Promise<void> {
  const rows = event === 'UPDATE' ? ['old', 'new'] : [event === 'INSERT' ? 'new' : 'old']
  const name = `${table}_${event.toLowerCase()}_${scope.length}`
  const columns = event === 'UPDATE' ? await columnsOf(writer, table) : []
  // A split is kept apart from its example, and a row that is written as it was has not changed.
  const changed = columns
    .filter((column) => !(table === 'example' && column.name === 'split'))
    .map((column) => `old.${column.name} IS NOT new.${column.name}`)
  const when = changed.length > 0 ? ` WHEN ${changed.join(' OR ')}` : ''
  const touched = [...new Set(rows.map((row) => scope.replaceAll('{row}', row)))]
  await writer.run(triggerText(name, `${event} ON main.${table}${when}`, touched))
}

function triggerText(name: string, event: string, touched: readonly string[]): string {
  const notes = touched.map(
    (scope) =>
      `INSERT INTO touched SELECT one.scope FROM (SELECT ${scope} AS scope) one
        WHERE one.scope IS NOT NULL AND NOT EXISTS (SELECT 1 FROM touched WHERE touched.scope = one.scope);`,
  )
  return `CREATE TEMP TRIGGER touched_${name} AFTER ${event} BEGIN ${notes.join(' ')} END`
}

import type { Reader } from '../store/connection.ts'

type Facts = Readonly<Record<string, unknown>>
type Row = Readonly<Record<string, string | number | null>>

/** Tables that hold what SQLite itself makes of others. */
const shadow = /^(sqlite_|passage_text_)/

/** A store's form and health, and the rows of each table. What cannot be read is told as its error. */
export async function storeFacts(reader: Reader): Promise<Facts> {
  const version = await told(async () => (await reader.get<Row>('PRAGMA user_version'))?.['user_version'])
  const check = await told(async () =>
    (await reader.all<Row>('PRAGMA quick_check(20)')).map(({ quick_check: said }) => said),
  )
  const tables = await told(() =>
    reader.all<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"),
  )
  const rows: Record<string, unknown> = {}
  if (Array.isArray(tables))
    for (const { name } of tables as readonly { name: string }[]) {
      if (shadow.test(name)) continue
      const count = await told(() => reader.get<Row>(`SELECT count(*) AS rows FROM "${name}"`))
      rows[name] = isRow(count) ? count['rows'] : count
    }
  return { version, check, rows }
}

/** Each project's data in numbers: no names, no columns, no texts. What names them goes into `names`. */
export async function projectFacts(reader: Reader, names: Map<string, string>): Promise<unknown> {
  return told(async () => {
    const found: Facts[] = []
    const rows = await reader.all<Row>(
      `SELECT p.id, p.name, p.sample, p.created_at, p.split_seed, p.validation_fraction, p.test_fraction,
         p.data_version, m.architecture FROM project p LEFT JOIN model m ON m.id = p.model_id ORDER BY p.created_at`,
    )
    for (const { id, name, ...facts } of rows) {
      const number = found.length + 1
      for (const own of [name, id]) names.set(String(own), `<project ${number}>`)
      found.push({ number, ...facts, ...(await dataFacts(reader, String(id), names)) })
    }
    return found
  })
}

async function dataFacts(reader: Reader, project: string, names: Map<string, string>): Promise<Facts> {
  const sources = await reader.all<Row>(
    `SELECT id, name, kind, format, bytes, rows, use, weight, ready, imported_at FROM source WHERE project_id = ?`,
    project,
  )
  const count = (sql: string) => reader.all<Row>(sql, project)
  return {
    sources: sources.map(({ id, name, ...facts }, i) => {
      names.set(String(name), `<source ${i + 1}>`)
      names.set(String(id), `<source ${i + 1}>`)
      return facts
    }),
    examples: await count(
      `SELECT split, form, task, count(*) AS count, max(context_words) AS longest_context FROM example
         WHERE project_id = ? GROUP BY split, form, task`,
    ),
    passages: await count(
      'SELECT searchable, count(*) AS count, max(words) AS longest FROM passage WHERE project_id = ? GROUP BY searchable',
    ),
    problems: await count(
      'SELECT kind, status, count(*) AS count FROM problem WHERE project_id = ? GROUP BY kind, status',
    ),
  }
}

/** The models in the list: their kind and size, not where they lie. */
export async function modelFacts(reader: Reader, names: Map<string, string>): Promise<unknown> {
  return told(async () => {
    const rows = await reader.all<Row>(
      `SELECT id, name, folder, origin, architecture, parameters, bytes, max_length, training_memory_mb, reason,
         catalogue_id FROM model`,
    )
    return rows.map(({ id, name, folder, reason, ...facts }, i) => {
      const isOurs = facts['origin'] !== 'folder'
      if (!isOurs) for (const own of [name, folder]) names.set(String(own), `<model ${i + 1}>`)
      return { ...(isOurs ? { id, name } : {}), ...facts, usable: reason === null }
    })
  })
}

/** What a reading gives, or why it gives nothing: a support file is wanted most where something is broken. */
export async function told(read: () => Promise<unknown>): Promise<unknown> {
  try {
    return await read()
  } catch (thrown) {
    return { failed: thrown instanceof Error ? thrown.message : String(thrown) }
  }
}

function isRow(value: unknown): value is Row {
  return typeof value === 'object' && value !== null && 'rows' in value
}

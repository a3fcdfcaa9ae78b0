import type { Reader, SqlValue } from '../store/connection.ts'
import type { Part } from './layout.ts'

interface Column {
  readonly name: string
  readonly type: string
}

/** Rows of a table as lines of JSON objects, and how many they are. */
export interface Page {
  readonly table: string
  readonly text: string
  readonly count: number
}

const rowsPerPage = 500

/** The columns of a table; none where there is no such table. */
export async function columnsOf(reader: Reader, table: string): Promise<readonly Column[]> {
  return reader.all<Column>('SELECT name, type FROM pragma_table_info(?)', table)
}

/**
 * The rows of a part, page by page. SQLite makes the text, in a thread of its own: to the event loop a page is one
 * string, whatever it holds.
 */
export async function* readPages(reader: Reader, part: Part, scope: string): AsyncGenerator<Page> {
  const line = rowText(await columnsOf(reader, part.table))
  const { table, where, key } = part
  if (key === null) {
    const rows = `SELECT ${line} AS line FROM ${table} WHERE ${where}`
    const page = await reader.get<{ text: string | null; count: number }>(
      `SELECT group_concat(line, char(10)) AS text, count(*) AS count FROM (${rows})`,
      scope,
    )
    if (page?.text) yield { table, text: page.text, count: page.count }
    return
  }
  let after: SqlValue = null
  for (;;) {
    const since: string = after === null ? '' : ` AND ${key} > ?2`
    const page: PageRow | null = await reader.get<PageRow>(
      `SELECT group_concat(line, char(10)) AS text, count(*) AS count, max(key) AS last FROM
        (SELECT ${line} AS line, ${key} AS key FROM ${table} WHERE ${where}${since} ORDER BY ${key} LIMIT ${rowsPerPage})`,
      ...(after === null ? [scope] : [scope, after]),
    )
    if (!page?.text) return
    yield { table, text: page.text, count: page.count }
    if (page.count < rowsPerPage) return
    after = page.last
  }
}

interface PageRow {
  readonly text: string | null
  readonly count: number
  readonly last: number
}

/** An SQL expression: a row as a JSON object. */
export function rowText(columns: readonly Column[]): string {
  const values = columns.map(({ name, type }) => `'${name}', ${type === 'REAL' ? exactly(name) : name}`)
  return `json_object(${values.join(', ')})`
}

/** SQLite's JSON has 15 digits of a number; the text has all 17, and becomes the same number in its column. */
function exactly(name: string): string {
  return `CASE WHEN typeof(${name}) = 'real' THEN format('%!.17g', ${name}) ELSE ${name} END`
}

import { createReadStream } from 'node:fs'
import { createGunzip } from 'node:zlib'
import type { Connection } from '../store/connection.ts'
import { columnsOf } from './row-text.ts'

/** How many rows of each table came back, and how many lines of files did not. */
export interface Restored {
  readonly rows: Record<string, number>
  unreadable: number
  /** Files that end in damage. */
  readonly spoilt: string[]
}

interface Head {
  readonly table: string
  readonly form: number
  readonly columns?: readonly string[]
  readonly splits?: readonly string[]
}

const linesPerStep = 500
/** No row of the app's own is as long. */
const longestLine = 256 * 1024 * 1024

/** Reads a mirror file's lines, packed or not. @throws the system's or zlib's error where it is damaged. */
async function* readLines(path: string): AsyncGenerator<string> {
  const file = createReadStream(path)
  const unpacked = file.pipe(createGunzip())
  file.on('error', (error) => unpacked.destroy(error))
  unpacked.setEncoding('utf8')
  let rest = ''
  try {
    for await (const chunk of unpacked as AsyncIterable<string>) {
      const lines = (rest + chunk).split('\n')
      rest = lines.pop() ?? ''
      if (rest.length > longestLine) throw new Error(`A line of ${path} is too long.`)
      for (const line of lines) yield line
    }
    if (rest !== '') yield rest
  } finally {
    file.destroy()
    unpacked.destroy()
  }
}

/** The store's form that a mirror file was written at; null where it is not there or does not begin as one. */
export async function formOfFile(path: string): Promise<number | null> {
  try {
    for await (const line of readLines(path)) return headOf(line)?.form ?? null
  } catch {
    // Not there, or no such file.
  }
  return null
}

/**
 * Inserts the rows of a mirror file into a store of the file's form. Rows that do not fit are left out and counted,
 * and so is the rest of a file that ends in damage; rows whose key is there already are passed over.
 */
export async function restoreFile(db: Connection, path: string, restored: Restored): Promise<void> {
  let head: Head | null = null
  let lines: string[] = []
  const flush = async (): Promise<void> => {
    if (head && lines.length > 0) {
      if (head.splits) await setSplits(db, lines)
      else await insertLines(db, { table: head.table, lines, restored })
    }
    lines = []
  }
  try {
    for await (const line of readLines(path)) {
      const next = headOf(line)
      if (next || lines.length === linesPerStep) await flush()
      if (next) head = next
      else lines.push(line)
    }
  } catch (thrown) {
    if (!isOfFile(thrown)) throw thrown
    restored.unreadable++
    restored.spoilt.push(path)
  } finally {
    await flush()
  }
}

export interface Lines {
  readonly table: string
  readonly lines: readonly string[]
  readonly restored: Restored
  /** What becomes of a row whose key is there already: it stays, or is replaced. */
  readonly verb?: 'IGNORE' | 'REPLACE'
}

/** Inserts rows as JSON objects, as many as fit. @throws SQLite's error where the store cannot be written. */
export async function insertLines(
  db: Connection,
  { table, lines, restored, verb = 'IGNORE' }: Lines,
): Promise<void> {
  const columns = (await columnsOf(db, table)).map(({ name }) => name)
  if (columns.length === 0) {
    restored.unreadable += lines.length
    return
  }
  const sql = `INSERT OR ${verb} INTO ${table} (${columns.join(', ')})
    SELECT ${columns.map((name) => `value ->> '$.${name}'`).join(', ')} FROM json_each(?) WHERE true`
  const insert = async (some: readonly string[]): Promise<void> => {
    try {
      const { changes } = await db.run(sql, `[${some.join(',')}]`)
      restored.rows[table] = (restored.rows[table] ?? 0) + changes
    } catch (thrown) {
      if (!isOfRow(thrown)) throw thrown
      if (some.length === 1) restored.unreadable++
      else {
        const half = some.length >> 1
        await insert(some.slice(0, half))
        await insert(some.slice(half))
      }
    }
  }
  await insert(lines)
}

/** Lines of splits fit as long as the examples of their ids are all there. */
async function setSplits(db: Connection, lines: readonly string[]): Promise<void> {
  for (const line of lines)
    await db
      .run(
        `UPDATE example SET split = CASE substr(?1 ->> '$.digits', n, 1)
             WHEN '1' THEN 'train' WHEN '2' THEN 'validation' ELSE 'test' END
           FROM (SELECT id AS wanted, row_number() OVER (ORDER BY id) AS n, count(*) OVER () AS count FROM example
                 WHERE project_id = (SELECT project_id FROM example WHERE id = ?1 ->> '$.first')
                   AND id BETWEEN ?1 ->> '$.first' AND ?1 ->> '$.last')
           WHERE id = wanted AND count = length(?1 ->> '$.digits')
             AND split <> CASE substr(?1 ->> '$.digits', n, 1)
               WHEN '1' THEN 'train' WHEN '2' THEN 'validation' ELSE 'test' END`,
        line,
      )
      .catch((thrown: unknown) => {
        if (!isOfRow(thrown)) throw thrown
      })
}

function headOf(line: string): Head | null {
  // A row begins with its first column, which is no `table`.
  if (!line.startsWith('{"table":')) return null
  try {
    return JSON.parse(line) as Head
  } catch {
    return null
  }
}

/** True of errors that tell of one row: not JSON, or against the rules of its table. */
function isOfRow(thrown: unknown): boolean {
  const code = codeOf(thrown)
  return code === 'SQLITE_ERROR' || code.startsWith('SQLITE_CONSTRAINT') || code === 'SQLITE_MISMATCH'
}

function isOfFile(thrown: unknown): boolean {
  return !codeOf(thrown).startsWith('SQLITE_')
}

function codeOf(thrown: unknown): string {
  return thrown instanceof Error && 'code' in thrown ? String(thrown.code) : ''
}

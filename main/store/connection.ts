import { pathToFileURL } from 'node:url'
import sqlite3 from 'sqlite3'

export type SqlValue = string | number | null

/** What can be asked of SQLite; rows are given as the columns' names say. */
export interface Reader {
  all<Row>(sql: string, ...values: readonly SqlValue[]): Promise<readonly Row[]>
  /** The first row, of a statement that gives few. */
  get<Row>(sql: string, ...values: readonly SqlValue[]): Promise<Row | null>
}

export interface Writer extends Reader {
  /** Runs one statement. */
  run(
    sql: string,
    ...values: readonly SqlValue[]
  ): Promise<{ readonly changes: number; readonly lastId: number }>
  /** Prepares one statement, for many rows. Finalised by the caller. */
  prepare(sql: string): Promise<Statement>
}

export interface Statement {
  run(...values: readonly SqlValue[]): Promise<{ readonly changes: number; readonly lastId: number }>
  finalize(): Promise<void>
}

/** One connection to a SQLite file. */
export interface Connection extends Writer {
  /** Runs a text of several statements. */
  execute(sql: string): Promise<void>
  close(): Promise<void>
}

/**
 * Opens a connection. `immutable` reads a file that nobody writes to, without a lock, and leaves out any log beside it.
 *
 * @throws Error with SQLite's own code (`SQLITE_CANTOPEN`, …).
 */
export async function connect(path: string, mode: 'write' | 'read' | 'immutable'): Promise<Connection> {
  const name = mode === 'immutable' ? `${pathToFileURL(path).href}?immutable=1` : path
  const database = await new Promise<sqlite3.Database>((resolve, reject) => {
    const opened = new sqlite3.Database(name, openFlags[mode], (error) => {
      if (error) reject(error)
      else resolve(opened)
    })
  })
  return {
    all: (sql, ...values) =>
      new Promise((resolve, reject) => {
        database.all(sql, values, (error, rows) => {
          if (error) reject(error)
          else resolve(rows as never)
        })
      }),
    get: (sql, ...values) =>
      new Promise((resolve, reject) => {
        // Not `database.get`: it leaves its statement open for a while, and as long as any is open, all others of
        // the connection read the state of then.
        database.all(sql, values, (error, rows) => {
          if (error) reject(error)
          else resolve((rows[0] ?? null) as never)
        })
      }),
    run: (sql, ...values) =>
      new Promise((resolve, reject) => {
        database.run(sql, values, function (error) {
          if (error) reject(error)
          else resolve({ changes: this.changes, lastId: this.lastID })
        })
      }),
    prepare: (sql) => prepare(database, sql),
    execute: (sql) =>
      new Promise((resolve, reject) => {
        database.exec(sql, (error) => {
          if (error) reject(error)
          else resolve()
        })
      }),
    close: () =>
      new Promise((resolve, reject) => {
        database.close((error) => {
          if (error) reject(error)
          else resolve()
        })
      }),
  }
}

const openFlags = {
  write: sqlite3.OPEN_READWRITE | sqlite3.OPEN_CREATE,
  read: sqlite3.OPEN_READONLY,
  immutable: sqlite3.OPEN_READONLY | sqlite3.OPEN_URI,
} as const

async function prepare(database: sqlite3.Database, sql: string): Promise<Statement> {
  const statement = await new Promise<sqlite3.Statement>((resolve, reject) => {
    const prepared = database.prepare(sql, (error) => {
      if (error) reject(error)
      else resolve(prepared)
    })
  })
  return {
    run: (...values) =>
      new Promise((resolve, reject) => {
        statement.run(values, function (error) {
          if (error) reject(error)
          else resolve({ changes: this.changes, lastId: this.lastID })
        })
      }),
    finalize: () =>
      new Promise((resolve, reject) => {
        statement.finalize((error) => {
          if (error) reject(error)
          else resolve()
        })
      }),
  }
}

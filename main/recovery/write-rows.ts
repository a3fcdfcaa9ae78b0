import { createHash } from 'node:crypto'
import { open, rename, rm } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import type { Reader } from '../store/connection.ts'
import { columnsOf, readPages } from './row-text.ts'
import type { Part } from './layout.ts'

export interface RowsSource {
  readonly reader: Reader
  readonly form: number
  readonly parts: readonly Part[]
  /** What `?1` of the parts is. */
  readonly scope: string
  readonly signal: AbortSignal
}

export interface WrittenRows {
  /** How many rows of each table it holds. */
  readonly rows: Readonly<Record<string, number>>
  readonly digest: string
}

/** Level 1 takes a third of the time of the usual 6 for a sixth more bytes. */
const level = 1

/**
 * Writes rows of the store into a compressed file, in constant memory: a line `{"table", "form", "columns"}` before
 * each table's rows, then a JSON object a row. The file is made under a temporary name, synced and renamed.
 *
 * @param unless the digest of what the file holds already; where it comes out again, nothing is changed
 * @throws the system's error where it cannot be written, SQLite's where a row cannot be read; `signal`'s reason
 */
export async function writeRows(path: string, source: RowsSource, unless?: string): Promise<WrittenRows> {
  const rows: Record<string, number> = {}
  const digest = createHash('sha256')
  await replaceFile(
    path,
    async function* () {
      let table = ''
      for (const part of source.parts) {
        for await (const page of readPages(source.reader, part, source.scope)) {
          source.signal.throwIfAborted()
          const head = page.table === table ? '' : await headOf(source, page.table)
          table = page.table
          rows[table] = (rows[table] ?? 0) + page.count
          const text = `${head}${page.text}\n`
          digest.update(text)
          yield text
        }
      }
      // A file without rows still says that it was written.
      if (table === '') yield await headOf(source, source.parts[0]?.table ?? '')
    },
    () => digest.copy().digest('hex') !== unless,
  )
  return { rows, digest: digest.digest('hex') }
}

/** Writes a small text under a temporary name and renames it; synced before unless its loss costs nothing. */
export async function writeAtomically(path: string, text: string, { sync = true } = {}): Promise<void> {
  const temporary = `${path}.tmp`
  const file = await open(temporary, 'w')
  try {
    await file.writeFile(text)
    if (sync) await file.sync()
  } finally {
    await file.close()
  }
  await rename(temporary, path)
}

/** Writes a compressed file from pieces of text. */
export async function writePieces(path: string, pieces: () => AsyncGenerator<string>): Promise<void> {
  await replaceFile(path, pieces, () => true)
}

async function headOf({ reader, form }: RowsSource, table: string): Promise<string> {
  const columns = (await columnsOf(reader, table)).map(({ name }) => name)
  return `${JSON.stringify({ table, form, columns })}\n`
}

async function replaceFile(
  path: string,
  pieces: () => AsyncGenerator<string>,
  isWanted: () => boolean,
): Promise<void> {
  const temporary = `${path}.tmp`
  try {
    const file = await open(temporary, 'w')
    try {
      await pipeline(pieces, createGzip({ level }), async (packed: AsyncIterable<Buffer>) => {
        for await (const chunk of packed) await file.writeFile(chunk)
      })
      if (isWanted()) await file.sync()
    } finally {
      await file.close()
    }
    if (isWanted()) await rename(temporary, path)
    else await rm(temporary, { force: true })
  } catch (thrown) {
    await rm(temporary, { force: true }).catch(() => undefined)
    throw thrown
  }
}

import { open } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { basename } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { parquetMetadata, parquetRead, parquetSchema } from 'hyparquet'
import type { AsyncBuffer, ColumnMetaData, Compressors, FileMetaData, RowGroup, SchemaTree } from 'hyparquet'
import { AppError } from '../../contract/errors.ts'
import { pathColumns } from './column-paths.ts'
import { distinctNames, requireFewColumns } from './column-names.ts'
import { largestGroup, lookAtPages } from './parquet-pages.ts'
import { parsers, plainValue, unreadable } from './parquet-values.ts'
import type { ReadingProblem, ReadOptions, TableReader, TableRow } from './table.ts'
import { openError } from './text-chunks.ts'

const largestFooter = 50_000_000
const mostGroupRows = 20_000_000
const deepest = 32
// Of a group without lists so many rows are had without decoding the rest, for a preview.
const headRows = 1100
// Texts that stand once in a file and are repeated in every row can unfold without end.
const leastTexts = 2_000_000_000
const mostTextsPerByte = 500

/** A file whose footer was read and believed. */
interface ParquetFile {
  readonly path: string
  readonly bytes: number
  readonly metadata: FileMetaData
  /** Columns that are read, and the names that they have here. */
  readonly columns: readonly { readonly given: string; readonly name: string; readonly tree: SchemaTree }[]
}

/**
 * Opens Parquet: the footer says columns and rows, which are read one row group after another, and held against what
 * the pages say before memory is taken for them.
 *
 * @throws AppError `file_unreadable` (damaged, encrypted), `file_too_large` (a row group of more than 512 MB).
 */
export const openParquet: TableReader = async ({ path, bytes }, { signal }) => {
  const metadata = await withFile(path, (file) => readFooter(file, path, bytes))
  const { columns, problems, mended } = columnsOf(metadata, path)
  if (mended)
    problems.push({
      kind: 'header_mended',
      where: '',
      message: 'Some columns had no name or the same name as another; they were numbered.',
    })
  const file = { path, bytes, metadata, columns }
  const head: TableRow[] = []
  for await (const row of readRows(file, { signal })) if (head.push(row) >= headRows / 11) break
  return {
    format: 'parquet',
    tables: [],
    table: null,
    columns: pathColumns(
      columns.map(({ name }) => name),
      head,
    ),
    bytes,
    rowCount: metadata.row_groups.reduce((sum, group) => sum + Number(group.num_rows), 0),
    problems,
    rows: (options = {}) => readRows(file, options),
  }
}

async function* readRows(
  file: ParquetFile,
  { signal }: ReadOptions,
): AsyncGenerator<TableRow, void, undefined> {
  const { path, bytes, metadata } = file
  const handle = await openFile(path)
  const total = metadata.row_groups.reduce((sum, group) => sum + Number(group.num_rows), 0)
  let number = 0
  let texts = 0
  try {
    let before = 0
    for (const group of metadata.row_groups) {
      const count = Number(group.num_rows)
      // The head of the first group is read by itself, so that a preview does not wait for the group.
      const pieces = before === 0 && count > headRows ? [0, headRows] : [0]
      for (const from of pieces) {
        if (signal?.aborted) throw new AppError('cancelled', 'Reading was cancelled.', { path })
        const to = from === 0 && pieces.length > 1 ? headRows : count
        const rows = await readGroup(file, handle, { group, before, to })
        for (const cells of rows.slice(from)) {
          number++
          const values = Object.fromEntries(file.columns.map(({ name }, i) => [name, plainValue(cells[i])]))
          for (const value of Object.values(values)) if (typeof value === 'string') texts += value.length
          if (texts > Math.max(leastTexts, bytes * mostTextsPerByte)) throw tooMuch(path)
          yield { where: `row ${number}`, fault: null, values, end: Math.round((bytes * number) / total) }
        }
        await setImmediate()
      }
      before += count
    }
  } finally {
    await handle.close()
  }
}

interface GroupRange {
  readonly group: RowGroup
  /** Rows in the groups before it. */
  readonly before: number
  /** Row of the group to read up to. */
  readonly to: number
}

async function readGroup(
  { path, bytes, metadata, columns }: ParquetFile,
  handle: FileHandle,
  { group, before, to }: GroupRange,
): Promise<readonly (readonly unknown[])[]> {
  const names = new Set(columns.map(({ given }) => given))
  const schema = parquetSchema(metadata)
  const compressors: Compressors = {}
  let unpacked = 0
  try {
    const chunks: RowGroup['columns'] = []
    for (const [i, chunk] of group.columns.entries()) {
      const data = chunk.meta_data
      if (!data || !names.has(data.path_in_schema[0] ?? '')) {
        chunks.push(chunk)
        continue
      }
      const pages = lookAtPages(
        await readChunk(handle, data, bytes),
        data,
        treePath(schema, data.path_in_schema),
      )
      unpacked += pages.bytes
      if (unpacked > largestGroup) throw tooLarge(path, unpacked)
      if (pages.values < Number(group.num_rows))
        throw new Error('a column has fewer values than its group has rows')
      // A name of its own makes hyparquet unpack the pages of this column with the function that checks them.
      const codec = `${data.codec} of column ${i}` as ColumnMetaData['codec']
      compressors[codec] = pages.decompress
      chunks.push({ ...chunk, meta_data: { ...data, codec } })
    }
    const groups = metadata.row_groups.map((one) => (one === group ? { ...group, columns: chunks } : one))
    let rows: readonly (readonly unknown[])[] = []
    await parquetRead({
      file: bufferOf(handle, bytes),
      metadata: { ...metadata, row_groups: groups },
      columns: columns.map(({ given }) => given),
      rowStart: before,
      rowEnd: before + to,
      compressors,
      parsers,
      geoparquet: false,
      onComplete: (read) => {
        rows = read
      },
    })
    return rows
  } catch (thrown) {
    throw thrown instanceof AppError ? thrown : damaged(path, thrown)
  }
}

function treePath(schema: SchemaTree, names: readonly string[]): SchemaTree[] {
  const path = [schema]
  for (const name of names) {
    const child = path.at(-1)?.children.find(({ element }) => element.name === name)
    if (!child) throw new Error(`its schema has no ${names.join('.')}`)
    path.push(child)
  }
  return path
}

async function readChunk(handle: FileHandle, data: ColumnMetaData, bytes: number): Promise<Uint8Array> {
  const start = Number(data.dictionary_page_offset || data.data_page_offset)
  const size = Number(data.total_compressed_size)
  if (!(start >= 4 && size >= 0 && start + size <= bytes))
    throw new Error('a column lies outside of the file')
  return readBytes(handle, start, size)
}

async function readBytes(handle: FileHandle, start: number, size: number): Promise<Uint8Array> {
  const buffer = new Uint8Array(size)
  let read = 0
  while (read < size) {
    const { bytesRead } = await handle.read(buffer, read, size - read, start + read)
    if (bytesRead === 0) throw new Error('the file is shorter than it was')
    read += bytesRead
  }
  return buffer
}

function bufferOf(handle: FileHandle, bytes: number): AsyncBuffer {
  return {
    byteLength: bytes,
    slice: async (start, end = bytes) => {
      if (!(start >= 0 && end >= start && end <= bytes)) throw new Error('a column lies outside of the file')
      return (await readBytes(handle, start, end - start)).buffer as ArrayBuffer
    },
  }
}

async function readFooter(handle: FileHandle, path: string, bytes: number): Promise<FileMetaData> {
  try {
    if (bytes < 12) throw new Error('it is too short')
    const tail = Buffer.from(await readBytes(handle, bytes - 8, 8))
    if (tail.toString('latin1', 4) === 'PARE') throw new Error('its footer is encrypted')
    if (tail.toString('latin1', 4) !== 'PAR1') throw new Error('its end is missing')
    const size = tail.readUInt32LE(0)
    if (size > Math.min(largestFooter, bytes - 12)) throw new Error(`its footer says to have ${size} bytes`)
    const metadata = parquetMetadata(await readBytes(handle, bytes - size - 8, size + 8), {
      geoparquet: false,
      parsers,
    })
    requireSound(metadata)
    return metadata
  } catch (thrown) {
    throw thrown instanceof AppError ? thrown : damaged(path, thrown)
  }
}

function requireSound({ row_groups: groups, schema }: FileMetaData): void {
  if (schema.length > 20_000 || groups.length > 1_000_000) throw new Error('its schema is too large')
  for (const { num_rows: rows, columns } of groups)
    if (!(Number(rows) >= 0 && Number(rows) <= mostGroupRows) || !Array.isArray(columns))
      throw new Error(`a row group says to have ${rows} rows`)
}

function columnsOf(metadata: FileMetaData, path: string) {
  const problems: ReadingProblem[] = []
  let trees: readonly SchemaTree[]
  try {
    trees = parquetSchema(metadata).children
    if (trees.some((tree) => depthOf(tree) > deepest)) throw new Error('its columns are nested too deep')
  } catch (thrown) {
    throw damaged(path, thrown)
  }
  requireFewColumns(trees.length, path)
  const readable = trees.filter((tree) => {
    const type = unreadable(tree)
    if (type !== null)
      problems.push({
        kind: 'column_left_out',
        where: '',
        message: `The column ${nameOf(tree)} has the type ${type}, which is not read. It was left out.`,
      })
    return type === null
  })
  const { names, mended } = distinctNames(readable.map(nameOf))
  const columns = readable.map((tree, i) => ({
    given: nameOf(tree),
    name: names[i] ?? nameOf(tree),
    tree,
  }))
  return { columns, problems, mended }
}

/** A damaged footer can leave it out, whatever the type says. */
function nameOf({ element }: SchemaTree): string {
  return String((element as { readonly name?: string }).name ?? '')
}

function depthOf({ children }: SchemaTree): number {
  return 1 + Math.max(0, ...children.map(depthOf))
}

async function withFile<T>(path: string, use: (handle: FileHandle) => Promise<T>): Promise<T> {
  const handle = await openFile(path)
  try {
    return await use(handle)
  } finally {
    await handle.close()
  }
}

async function openFile(path: string): Promise<FileHandle> {
  return open(path, 'r').catch((thrown: unknown) => {
    throw openError(path, thrown)
  })
}

function damaged(path: string, thrown: unknown): AppError {
  // What is not said by the readers themselves is about their insides.
  const isSaid = thrown instanceof Error && thrown.name === 'Error'
  const said = isSaid ? thrown.message : 'what it says of its columns does not fit together'
  return new AppError(
    'file_unreadable',
    `${basename(path)} is a damaged Parquet file: ${said}. Get it or write it again.`,
    { path },
  )
}

function tooLarge(path: string, unpacked: number): AppError {
  return new AppError(
    'file_too_large',
    `${basename(path)} has a row group of ${Math.ceil(unpacked / 1e6)} MB or more; at most ${largestGroup / 1e6} MB are read at once. Write it again with smaller row groups.`,
    { path, bytes: unpacked },
  )
}

function tooMuch(path: string): AppError {
  return new AppError(
    'file_too_large',
    `${basename(path)} unfolds to more text than its size can account for. Write it again as CSV or JSONL.`,
    { path },
  )
}

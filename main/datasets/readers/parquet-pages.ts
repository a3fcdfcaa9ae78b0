import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib'
import type { ColumnMetaData, CompressionCodec, Compressors, SchemaTree } from 'hyparquet'
import { parquetHeader } from 'hyparquet/src/column.js'
import { deltaBinaryUnpack } from 'hyparquet/src/delta.js'
import { getMaxDefinitionLevel, getMaxRepetitionLevel } from 'hyparquet/src/schema.js'
import { readVarInt } from 'hyparquet/src/thrift.js'
import { compressors } from 'hyparquet-compressors'

/** Values of one column in one row group; a group has a million rows at most by most writers' defaults. */
const mostValues = 20_000_000
export const largestGroup = 256_000_000
// Runs may be padded at their end.
const slack = 1024

type PageHeader = ReturnType<typeof parquetHeader>

/** The pages of a column in a row group, looked at before they are decoded. */
export interface ColumnPages {
  /** Unpacked. */
  readonly bytes: number
  readonly values: number
  /** Unpacks the pages in their order and holds each against its header; for hyparquet. */
  readonly decompress: (input: Uint8Array, length: number) => Uint8Array
}

/**
 * Walks the headers of a column's pages and bounds what decoding them will take, which the decoder itself does not:
 * sizes, numbers of values, and lengths of runs.
 *
 * @throws Error where a header says what cannot be.
 */
export function lookAtPages(
  chunk: Uint8Array,
  { codec, path_in_schema: path }: ColumnMetaData,
  schemaPath: readonly SchemaTree[],
): ColumnPages {
  const levels = {
    repetition: widthOf(getMaxRepetitionLevel([...schemaPath])),
    definition: widthOf(getMaxDefinitionLevel([...schemaPath])),
  }
  const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.byteLength)
  const reader = { view, offset: 0 }
  const packed: PageHeader[] = []
  let bytes = 0
  let values = 0
  while (reader.offset < chunk.byteLength - 1) {
    const header = parquetHeader(reader)
    const start = reader.offset
    requireSize(header.compressed_page_size, chunk.byteLength - start)
    requireSize(header.uncompressed_page_size, largestGroup)
    const v2 = header.data_page_header_v2
    const count = valuesOf(header)
    requireSize(count, mostValues)
    bytes += header.uncompressed_page_size
    if (header.type !== 'DICTIONARY_PAGE') values += count
    if (bytes > largestGroup || values > mostValues) throw new Error(`${path.join('.')} is too large`)
    reader.offset = start + header.compressed_page_size
    const page = chunk.subarray(start, reader.offset)
    if (header.type === 'DATA_PAGE_V2' && v2) {
      requireSize(v2.repetition_levels_byte_length, page.length)
      requireSize(v2.definition_levels_byte_length, page.length - v2.repetition_levels_byte_length)
      requireSize(v2.num_nulls, count)
      requireSize(v2.num_rows, count)
      const between = v2.repetition_levels_byte_length
      const end = between + v2.definition_levels_byte_length
      checkRuns(page.subarray(0, between), levels.repetition, count)
      checkRuns(page.subarray(between, end), levels.definition, count)
      if (v2.is_compressed === false) checkValues(page.subarray(end), v2.encoding, count)
    }
    if (header.type !== 'DATA_PAGE_V2' || v2?.is_compressed !== false) packed.push(header)
  }
  const unpack = decompressor(codec)
  let next = 0
  return {
    bytes,
    values,
    decompress: (input, length) => {
      const header = packed[next++]
      if (!header) throw new Error('there are more pages than headers')
      // Some writers pack nothing to a byte, which not all decoders take.
      const page = length === 0 ? new Uint8Array(0) : unpack(input, requireSize(length, largestGroup))
      if (header.type === 'DATA_PAGE_V2')
        checkValues(page, header.data_page_header_v2?.encoding, valuesOf(header))
      if (header.type === 'DATA_PAGE') checkPage(page, header, levels)
      return page
    },
  }
}

interface LevelWidths {
  readonly repetition: number
  readonly definition: number
}

/** Levels with their lengths, then values. */
function checkPage(page: Uint8Array, header: PageHeader, levels: LevelWidths): void {
  const view = new DataView(page.buffer, page.byteOffset, page.byteLength)
  const count = valuesOf(header)
  let at = 0
  for (const width of [levels.repetition, levels.definition]) {
    if (width === 0) continue
    const length = requireSize(view.getUint32(at, true), page.length - at - 4)
    checkRuns(page.subarray(at + 4, at + 4 + length), width, count)
    at += 4 + length
  }
  checkValues(page.subarray(at), header.data_page_header?.encoding, count)
}

function checkValues(values: Uint8Array, encoding: string | undefined, count: number): void {
  const reader = { view: new DataView(values.buffer, values.byteOffset, values.byteLength), offset: 0 }
  if (count === 0 || values.length === 0) return
  if (encoding === 'PLAIN_DICTIONARY' || encoding === 'RLE_DICTIONARY') {
    const width = values[0] ?? 0
    if (width > 32) throw new Error('a dictionary has no indexes of more than 32 bits')
    if (width > 0) checkRuns(values.subarray(1), width, count)
  } else if (encoding === 'RLE') checkRuns(values.subarray(4), 1, count)
  else if (encoding === 'DELTA_BYTE_ARRAY') {
    // Each value may repeat the one before it: a page can unfold to the square of its size.
    const prefixes = new Int32Array(count)
    deltaBinaryUnpack(reader, count, prefixes)
    const suffixes = new Int32Array(count)
    deltaBinaryUnpack(reader, count, suffixes)
    const total = prefixes.reduce(
      (sum, prefix, i) => sum + Math.max(0, prefix) + Math.max(0, suffixes[i] ?? 0),
      0,
    )
    requireSize(total, largestGroup)
  }
}

/** Walks run-length and bit-packed runs: none may hold more values than the page has. */
function checkRuns(runs: Uint8Array, width: number, count: number): void {
  if (width === 0) return
  const reader = { view: new DataView(runs.buffer, runs.byteOffset, runs.byteLength), offset: 0 }
  for (let seen = 0; seen < count && reader.offset < runs.length;) {
    const header = readVarInt(reader)
    const isPacked = (header & 1) === 1
    const length = isPacked ? (header >>> 1) * 8 : header >>> 1
    requireSize(length, count - seen + slack)
    seen += length
    reader.offset += isPacked ? (header >>> 1) * width : (width + 7) >> 3
  }
}

function valuesOf(header: PageHeader): number {
  return (
    header.data_page_header?.num_values ??
    header.data_page_header_v2?.num_values ??
    header.dictionary_page_header?.num_values ??
    0
  )
}

function requireSize(size: number, most: number): number {
  if (Number.isInteger(size) && size >= 0 && size <= most) return size
  throw new Error(`a size of ${size} stands where at most ${Math.max(0, most)} can be`)
}

function widthOf(level: number): number {
  return 32 - Math.clz32(level)
}

/** Node's own where it has one: they end at the length that was announced. */
const bounded: Compressors = {
  UNCOMPRESSED: (input) => input,
  GZIP: (input, length) => bytesOf(gunzipSync(input, { maxOutputLength: Math.max(1, length) })),
  BROTLI: (input, length) => bytesOf(brotliDecompressSync(input, { maxOutputLength: Math.max(1, length) })),
  ZSTD: (input, length) => bytesOf(zstdDecompressSync(input, { maxOutputLength: Math.max(1, length) })),
}

function decompressor(codec: CompressionCodec): (input: Uint8Array, length: number) => Uint8Array {
  const unpack = bounded[codec] ?? compressors[codec]
  if (!unpack) throw new Error(`its compression ${codec} is not known`)
  return unpack
}

function bytesOf(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength)
}

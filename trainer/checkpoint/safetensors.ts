import { open, stat } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { TrainerError } from '../errors.ts'
import { JsonFaultError, parseJson } from '../parse-json.ts'
import { shownValue } from '../shown-value.ts'

/** The types of the safetensors format that are read here, with their bytes per value. */
const bytesPerValue = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U8: 1,
  BOOL: 1,
} as const
export type SafetensorsType = keyof typeof bytesPerValue

// PyTorch's own limit.
const mostDimensions = 64

/** A tensor in a safetensors file: `offset` and `length` in bytes from the start of the file. */
export interface SafetensorsEntry {
  readonly dtype: SafetensorsType
  readonly shape: readonly number[]
  readonly offset: number
  readonly length: number
}

export interface SafetensorsHeader {
  readonly path: string
  readonly entries: ReadonlyMap<string, SafetensorsEntry>
  readonly metadata: Readonly<Record<string, string>>
}

export interface NamedTensor {
  readonly shape: readonly number[]
  readonly data: Float32Array
}

// So that a hostile length takes no memory, nor a header that is one: the reference implementation allows 100 MB, which
// become a gigabyte of objects. The models that are built in have a fiftieth of this.
const maxHeaderBytes = 16_000_000

/**
 * Reads and checks the header of a safetensors file (https://github.com/huggingface/safetensors#format): its
 * length, that no name comes twice, that every tensor lies inside the file with the size that its type and shape give,
 * and that the tensors fill the file without gap or overlap.
 *
 * @throws TrainerError `file_missing`, or `weights_invalid` with what is wrong.
 */
export async function readSafetensorsHeader(path: string): Promise<SafetensorsHeader> {
  const file = await openFile(path)
  try {
    const { size } = await file.stat()
    if (size < 8) throw invalid(path, `it has only ${size} bytes`)
    const headerLength = (await readBytes(file, 0, 8)).readBigUInt64LE()
    if (headerLength > maxHeaderBytes)
      throw invalid(path, `its header claims ${headerLength} bytes, the limit is ${maxHeaderBytes / 1e6} MB`)
    const start = 8 + Number(headerLength)
    if (start > size) throw invalid(path, `its header claims ${headerLength} bytes, the file has ${size}`)
    return parseHeader(path, decodeHeader(path, await readBytes(file, 8, Number(headerLength))), start, size)
  } finally {
    await file.close()
  }
}

/**
 * Reads tensors as float32, converting from F16, BF16 and F64; all of them, or those that are named.
 *
 * @throws TrainerError as `readSafetensorsHeader` does, and `weights_invalid` for a type that holds no reals.
 */
export async function readSafetensors(
  path: string,
  names?: readonly string[],
): Promise<Map<string, NamedTensor>> {
  const header = await readSafetensorsHeader(path)
  const file = await openFile(path)
  try {
    const tensors = new Map<string, NamedTensor>()
    for (const name of names ?? header.entries.keys()) {
      const entry = header.entries.get(name)
      if (!entry) throw invalid(path, `it holds no tensor ${name}`)
      const bytes = await readBytes(file, entry.offset, entry.length)
      tensors.set(name, { shape: entry.shape, data: toFloat32(path, name, entry.dtype, bytes) })
    }
    return tensors
  } finally {
    await file.close()
  }
}

/** The bytes of one tensor as they stand in its file. */
export async function readSafetensorsBytes({
  path,
  offset,
  length,
}: SafetensorsEntry & { readonly path: string }): Promise<Uint8Array> {
  const file = await openFile(path)
  try {
    return await readBytes(file, offset, length)
  } finally {
    await file.close()
  }
}

/** Serialises float32 tensors; names in the order given, so that equal tensors give equal bytes. */
export function encodeSafetensors(
  tensors: ReadonlyMap<string, NamedTensor>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  let offset = 0
  const entries: Record<string, unknown> = {}
  if (Object.keys(metadata).length > 0) entries['__metadata__'] = metadata
  for (const [name, { shape, data }] of tensors) {
    entries[name] = { dtype: 'F32', shape, data_offsets: [offset, offset + data.byteLength] }
    offset += data.byteLength
  }
  const json = Buffer.from(JSON.stringify(entries))
  // Padded with spaces to a multiple of eight, as the format asks, so that the values lie aligned.
  const headerLength = Math.ceil(json.byteLength / 8) * 8
  const bytes = Buffer.alloc(8 + headerLength + offset, ' ')
  bytes.writeBigUInt64LE(BigInt(headerLength))
  json.copy(bytes, 8)
  let at = 8 + headerLength
  for (const { data } of tensors.values()) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at)
    at += data.byteLength
  }
  return bytes
}

function parseHeader(path: string, text: string, start: number, size: number): SafetensorsHeader {
  const entries = new Map<string, SafetensorsEntry>()
  let metadata: Record<string, string> = {}
  for (const [name, value] of Object.entries(parseObject(path, text))) {
    if (name === '__metadata__') {
      if (!isRecord(value) || !Object.values(value).every((item) => typeof item === 'string'))
        throw invalid(path, 'its metadata are not texts')
      metadata = value as Record<string, string>
    } else if (name.isWellFormed()) entries.set(name, parseEntry(path, name, value, start, size))
    else throw invalid(path, 'the name of a tensor holds half a character')
  }
  const ordered = [...entries].sort(([, a], [, b]) => a.offset - b.offset || a.length - b.length)
  let end = start
  for (const [name, entry] of ordered) {
    if (entry.offset !== end)
      throw invalid(
        path,
        `${name} starts at byte ${entry.offset} where ${end} was expected: tensors overlap or leave a gap`,
      )
    end += entry.length
  }
  if (end !== size) throw invalid(path, `its tensors end at byte ${end}, the file has ${size}`)
  return { path, entries, metadata }
}

function parseEntry(
  path: string,
  name: string,
  value: unknown,
  start: number,
  size: number,
): SafetensorsEntry {
  if (!isRecord(value)) throw invalid(path, `the entry of ${name} is not an object`)
  const { dtype, shape, data_offsets: offsets } = value
  if (typeof dtype !== 'string' || !Object.hasOwn(bytesPerValue, dtype))
    throw invalid(path, `${name} has the type ${shownValue(dtype)}, which is not supported`)
  if (!Array.isArray(shape) || !shape.every(isSize))
    throw invalid(path, `the shape of ${name} is not a list of sizes`)
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isSize))
    throw invalid(path, `the offsets of ${name} are not two positions`)
  const [from, to] = offsets as [number, number]
  const type = dtype as SafetensorsType
  const length = shape.reduce((total: number, dim: number) => total * dim, bytesPerValue[type])
  if (to - from !== length)
    throw invalid(path, `${name} takes ${to - from} bytes, its type and shape want ${length}`)
  // A size of 0 among them makes no lie of the others true.
  const largest = shape.reduce((total: number, dim: number) => total * Math.max(1, dim), bytesPerValue[type])
  if (!Number.isSafeInteger(largest) || shape.length > mostDimensions)
    throw invalid(path, `the shape of ${name} is larger than any tensor`)
  if (start + to > size)
    throw invalid(path, `${name} ends at byte ${start + to}, the file has ${size}: it was cut off`)
  return { dtype: type, shape: shape as number[], offset: start + from, length }
}

function decodeHeader(path: string, bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw invalid(path, 'its header is not UTF-8')
  }
}

function parseObject(path: string, text: string): Record<string, unknown> {
  try {
    const value = parseJson(text, { unique: true })
    if (isRecord(value)) return value
  } catch (thrown) {
    if (thrown instanceof JsonFaultError) throw invalid(path, `its header is not usable: ${thrown.message}`)
    // Said below: both cases mean the same to a person.
  }
  throw invalid(path, 'its header is not a JSON object')
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isSize(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}

function invalid(path: string, fact: string): TrainerError {
  return new TrainerError(
    'weights_invalid',
    `${path} is not a usable safetensors file: ${fact}. Copy or download it again.`,
    { path },
  )
}

async function openFile(path: string): Promise<FileHandle> {
  const info = await stat(path).catch((thrown: unknown) => {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT')
      throw new TrainerError('file_missing', `${path} does not exist. Check the path.`, { path })
    throw thrown
  })
  // Opening a pipe would wait for somebody to write into it.
  if (!info.isFile())
    throw new TrainerError('file_invalid', `${path} is not a file. Name a safetensors file.`, { path })
  return open(path)
}

async function readBytes(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafeSlow(length)
  let done = 0
  while (done < length) {
    const { bytesRead } = await file.read(bytes, done, length - done, position + done)
    if (bytesRead === 0)
      throw new TrainerError('weights_invalid', 'A weight file became shorter while it was read.')
    done += bytesRead
  }
  return bytes
}

function toFloat32(path: string, name: string, dtype: SafetensorsType, bytes: Buffer): Float32Array {
  const { buffer, byteOffset, byteLength } = bytes
  switch (dtype) {
    case 'F32':
      return new Float32Array(buffer, byteOffset, byteLength / 4)
    case 'F64':
      return Float32Array.from(new Float64Array(buffer, byteOffset, byteLength / 8))
    case 'BF16': {
      const halves = new Uint16Array(buffer, byteOffset, byteLength / 2)
      const words = Uint32Array.from(halves, (half) => half << 16)
      return new Float32Array(words.buffer)
    }
    case 'F16':
      return Float32Array.from(new Uint16Array(buffer, byteOffset, byteLength / 2), halfToNumber)
    default:
      throw invalid(path, `${name} is of type ${dtype}, weights are F32, F16 or BF16`)
  }
}

/** IEEE 754 binary16. */
function halfToNumber(half: number): number {
  const sign = half & 0x8000 ? -1 : 1
  const exponent = (half >> 10) & 0x1f
  const fraction = half & 0x3ff
  if (exponent === 0) return sign * fraction * 2 ** -24
  if (exponent === 31) return fraction ? NaN : sign * Infinity
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
}

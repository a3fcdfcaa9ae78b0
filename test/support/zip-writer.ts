import { crc32, deflateRawSync } from 'node:zlib'

/** A file for a ZIP archive; whatever is given beside name and data is written as it is, also where it lies. */
export interface ZipFile {
  /** Bytes for a name in another encoding than UTF-8. */
  readonly name: string | Buffer
  readonly data?: string | Buffer
  readonly method?: 'stored' | 'deflated'
  /** Sizes and checksum behind the data instead of before them, as programs that stream write them. */
  readonly hasDataDescriptor?: boolean
  /** Sizes and offset in 64 bits. */
  readonly isZip64?: boolean
  /** Bits of the general purpose flag besides those for UTF-8 names and data descriptors; 1 is encrypted. */
  readonly flags?: number
  /** The number of the method: 0 stored, 8 deflated, 9 Deflate64, 12 BZIP2, 14 LZMA, … */
  readonly methodNumber?: number
  readonly crc?: number
  readonly size?: number
  readonly compressedSize?: number
  /** The unpacked file's mode, as Unix has it: 0o120777 is a symbolic link. */
  readonly mode?: number
  /** Where the archive's list says that the entry begins. */
  readonly offset?: number
  readonly extra?: Buffer
}

export interface ZipOptions {
  readonly comment?: string
  /** The number of entries that the archive's end tells. */
  readonly entryCount?: number
}

const utf8Names = 0x800
const descriptorFollows = 0x8
const madeByUnix = 3 << 8
const inZip64 = 0xffffffff

/**
 * The bytes of a ZIP archive.
 *
 * @example await writeFile('faq.zip', zipOf([{ name: 'faq.csv', data: 'question,answer' }]))
 */
export function zipOf(files: readonly ZipFile[], options: ZipOptions = {}): Buffer {
  const parts: Buffer[] = []
  const list: Buffer[] = []
  let at = 0
  for (const file of files) {
    const { local, central } = entryOf(file, at)
    parts.push(local)
    list.push(central)
    at += local.length
  }
  const directory = Buffer.concat(list)
  const count = options.entryCount ?? files.length
  const comment = Buffer.from(options.comment ?? '')
  const needsZip64 = files.some(({ isZip64 }) => isZip64)
  const end = Buffer.alloc(22)
  end.writeUInt32LE(0x06054b50, 0)
  end.writeUInt16LE(needsZip64 ? 0xffff : count, 8)
  end.writeUInt16LE(needsZip64 ? 0xffff : count, 10)
  end.writeUInt32LE(needsZip64 ? inZip64 : directory.length, 12)
  end.writeUInt32LE(needsZip64 ? inZip64 : at, 16)
  end.writeUInt16LE(comment.length, 20)
  return Buffer.concat([
    ...parts,
    directory,
    ...(needsZip64 ? [zip64End(count, directory.length, at)] : []),
    end,
    comment,
  ])
}

function entryOf(file: ZipFile, at: number): { readonly local: Buffer; readonly central: Buffer } {
  const data = Buffer.from(file.data ?? '')
  const isDeflated = (file.method ?? 'deflated') === 'deflated'
  const packed = isDeflated ? deflateRawSync(data) : data
  const name = Buffer.from(file.name)
  const crc = file.crc ?? crc32(data)
  const size = file.size ?? data.length
  const compressed = file.compressedSize ?? packed.length
  const offset = file.offset ?? at
  const flags =
    (file.flags ?? 0) |
    (typeof file.name === 'string' ? utf8Names : 0) |
    (file.hasDataDescriptor ? descriptorFollows : 0)
  const method = file.methodNumber ?? (isDeflated ? 8 : 0)
  const extra = file.extra ?? Buffer.alloc(0)
  const localExtra = Buffer.concat([file.isZip64 ? zip64Field([size, compressed]) : Buffer.alloc(0), extra])
  const centralExtra = Buffer.concat([
    file.isZip64 ? zip64Field([size, compressed, offset]) : Buffer.alloc(0),
    extra,
  ])
  const shown = (value: number) => (file.isZip64 ? inZip64 : value >>> 0)

  const local = Buffer.alloc(30)
  local.writeUInt32LE(0x04034b50, 0)
  local.writeUInt16LE(20, 4)
  local.writeUInt16LE(flags, 6)
  local.writeUInt16LE(method, 8)
  local.writeUInt32LE(0x5a21_0000, 10)
  if (!file.hasDataDescriptor) {
    local.writeUInt32LE(crc, 14)
    local.writeUInt32LE(shown(compressed), 18)
    local.writeUInt32LE(shown(size), 22)
  }
  local.writeUInt16LE(name.length, 26)
  local.writeUInt16LE(localExtra.length, 28)

  const descriptor = Buffer.alloc(file.hasDataDescriptor ? 16 : 0)
  if (file.hasDataDescriptor) {
    descriptor.writeUInt32LE(0x08074b50, 0)
    descriptor.writeUInt32LE(crc, 4)
    descriptor.writeUInt32LE(compressed >>> 0, 8)
    descriptor.writeUInt32LE(size >>> 0, 12)
  }

  const central = Buffer.alloc(46)
  central.writeUInt32LE(0x02014b50, 0)
  central.writeUInt16LE(madeByUnix | 30, 4)
  central.writeUInt16LE(20, 6)
  central.writeUInt16LE(flags, 8)
  central.writeUInt16LE(method, 10)
  central.writeUInt32LE(0x5a21_0000, 12)
  central.writeUInt32LE(crc, 16)
  central.writeUInt32LE(shown(compressed), 20)
  central.writeUInt32LE(shown(size), 24)
  central.writeUInt16LE(name.length, 28)
  central.writeUInt16LE(centralExtra.length, 30)
  central.writeUInt32LE(((file.mode ?? 0o100644) * 0x10000) >>> 0, 38)
  central.writeUInt32LE(shown(offset), 42)
  return {
    local: Buffer.concat([local, name, localExtra, packed, descriptor]),
    central: Buffer.concat([central, name, centralExtra]),
  }
}

function zip64Field(values: readonly number[]): Buffer {
  const field = Buffer.alloc(4 + values.length * 8)
  field.writeUInt16LE(1, 0)
  field.writeUInt16LE(values.length * 8, 2)
  for (const [i, value] of values.entries()) field.writeBigUInt64LE(BigInt(value), 4 + i * 8)
  return field
}

function zip64End(count: number, directoryBytes: number, at: number): Buffer {
  const record = Buffer.alloc(56 + 20)
  record.writeUInt32LE(0x06064b50, 0)
  record.writeBigUInt64LE(44n, 4)
  record.writeUInt16LE(45, 12)
  record.writeUInt16LE(45, 14)
  record.writeBigUInt64LE(BigInt(count), 24)
  record.writeBigUInt64LE(BigInt(count), 32)
  record.writeBigUInt64LE(BigInt(directoryBytes), 40)
  record.writeBigUInt64LE(BigInt(at), 48)
  record.writeUInt32LE(0x07064b50, 56)
  record.writeBigUInt64LE(BigInt(at + directoryBytes), 64)
  record.writeUInt32LE(1, 72)
  return record
}

import { open } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { basename } from 'node:path'
import { Readable } from 'node:stream'
import type { Transform } from 'node:stream'
import { createInflateRaw } from 'node:zlib'
import yauzl from 'yauzl'
import type { Entry, ZipFile } from 'yauzl'
import { AppError } from '../../contract/errors.ts'
import { openError } from '../readers/text-chunks.ts'
import { checkedBytes } from './checked-bytes.ts'
import { entryKindRefusal, entryName, readableName } from './entry-name.ts'
import { randomAccess } from './random-access.ts'

/** One file of an archive. */
export interface ZipEntry {
  /** With `/` between folders; checked to stay inside the archive. */
  readonly name: string
  /** Unpacked, as the archive says; reading fails where it is not so. */
  readonly bytes: number
  readonly compressedBytes: number
  readonly isEncrypted: boolean
}

export interface Zip {
  readonly entries: readonly ZipEntry[]
  /** Names that lead out of the archive, links, what stands there twice; such entries cannot be read. */
  readonly refused: readonly { readonly name: string; readonly reason: string }[]
  /** Size of the archive itself. */
  readonly bytes: number
  /**
   * A stream of the unpacked bytes; it fails with AppError `file_unreadable` where they are not as many as the
   * archive said or their checksum is another. @throws AppError `file_too_large`, `file_unreadable`
   */
  stream(entry: ZipEntry, most: number): Promise<Readable>
  /** The unpacked bytes of a small entry. @throws AppError `file_too_large`, `file_unreadable` */
  read(entry: ZipEntry, most: number): Promise<Buffer>
  close(): Promise<void>
}

/** More entries than this are no data set but an attack or an accident. */
const mostEntries = 20_000
/** Deflate cannot do better than about 1,030; an entry that says more lies. */
const highestRatio = 1_100
const localHeaderBytes = 30
const chunkBytes = 64 * 1024

const stored = 0
const deflated = 8
/** Methods that other programs may have used, by number, for the sentence that says so. */
const otherMethods: Readonly<Record<number, string>> = {
  9: 'Deflate64',
  12: 'BZIP2',
  14: 'LZMA',
  93: 'Zstandard',
  95: 'XZ',
  98: 'PPMd',
}

/**
 * Opens a ZIP archive (also DOCX, XLSX and EPUB, which are such) and reads its list. Nothing is unpacked before it
 * is asked for; sizes are bounded by the caller and held against what comes out. An archive whose entries share
 * bytes is refused as a whole: that is how a small file unpacks to terabytes (D. Fifield, "A better zip bomb", 2019).
 *
 * @throws AppError `file_missing`, `file_unreadable` where it is none or its list is damaged, `file_too_large` (too
 * many entries).
 * @example
 * const zip = await openZip('faq.zip')
 * try { for (const entry of zip.entries) await zip.read(entry, 1_000_000) } finally { await zip.close() }
 */
export async function openZip(path: string): Promise<Zip> {
  const handle = await open(path, 'r').catch((thrown: unknown) => {
    throw openError(path, thrown)
  })
  try {
    return await readZip(path, handle)
  } catch (thrown) {
    await handle.close()
    throw thrown instanceof AppError ? thrown : unreadable(path, thrown)
  }
}

async function readZip(path: string, handle: FileHandle): Promise<Zip> {
  const { size } = await handle.stat()
  const file = await yauzl.fromRandomAccessReaderPromise(randomAccess(handle, size), size, {
    lazyEntries: true,
    autoClose: false,
    decodeStrings: false,
  })
  if (file.entryCount > mostEntries)
    throw new AppError(
      'file_too_large',
      `${basename(path)} holds ${file.entryCount.toLocaleString('en')} entries; at most ${mostEntries.toLocaleString('en')} are read. Unpack it and take the files that are wanted.`,
      { path, entries: file.entryCount },
    )
  const { known, refused } = await listEntries(file)
  if (haveSharedBytes(known.values()))
    throw new AppError(
      'file_unreadable',
      `${basename(path)} packs several files into the same bytes, as archives do that are made to fill a disk. Pack the files again.`,
      { path },
    )

  const stream = async (entry: ZipEntry, most: number): Promise<Readable> => {
    const found = known.get(entry)
    if (!found) throw new Error(`${entry.name} is no entry of this archive.`)
    requireReadable(entry, found, most)
    const { fileDataStart: start } = await file
      .readLocalFileHeaderPromise(found, { minimal: true })
      .catch((thrown: unknown) => {
        throw unreadable(path, thrown)
      })
    const damaged = (fault: string) => entryDamaged(path, entry.name, fault)
    const checked = checkedBytes(entry.bytes, found.crc32, damaged)
    unpackInto(checked, handle, {
      start,
      bytes: found.compressedSize,
      isPacked: found.compressionMethod === deflated,
      damaged,
    })
    return checked
  }
  return {
    entries: [...known.keys()],
    refused,
    bytes: size,
    stream,
    read: async (entry, most) => {
      const parts: Buffer[] = []
      try {
        for await (const part of await stream(entry, most)) parts.push(part as Buffer)
      } catch (thrown) {
        throw thrown instanceof AppError ? thrown : entryDamaged(path, entry.name, messageOf(thrown))
      }
      return Buffer.concat(parts)
    },
    close: async () => {
      file.close()
      await handle.close()
    },
  }
}

interface Stretch {
  readonly start: number
  readonly bytes: number
  readonly isPacked: boolean
  damaged(fault: string): Error
}

/** Sends a stretch of the file through `target`, whose reader also hears of what fails before it. */
function unpackInto(
  target: Transform,
  handle: FileHandle,
  { start, bytes, isPacked, damaged }: Stretch,
): void {
  if (bytes === 0) {
    target.end()
    return
  }
  const packed = Readable.from(stretch(handle, start, bytes), { objectMode: false })
  const source = isPacked ? packed.pipe(createInflateRaw()) : packed
  const fail = (thrown: Error) => target.destroy(damaged(thrown.message))
  packed.on('error', fail)
  source.on('error', fail)
  target.once('close', () => {
    packed.destroy()
    source.destroy()
  })
  source.pipe(target)
}

/** The bytes of a stretch; reading ends with an error once the file is closed. */
async function* stretch(handle: FileHandle, start: number, bytes: number): AsyncGenerator<Buffer> {
  for (let at = start; at < start + bytes;) {
    const length = Math.min(chunkBytes, start + bytes - at)
    const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(length), 0, length, at)
    if (bytesRead === 0) throw new Error('the archive ends before it')
    yield buffer.subarray(0, bytesRead)
    at += bytesRead
  }
}

async function listEntries(file: ZipFile) {
  const known = new Map<ZipEntry, Entry>()
  const refused: { name: string; reason: string }[] = []
  const taken = new Set<string>()
  for await (const entry of file.eachEntry()) {
    const { name, refusal } = entryName(entry)
    if (refusal === null && isFolder(entry)) continue
    const reason =
      refusal ??
      entryKindRefusal(entry) ??
      (taken.has(name) ? 'The archive holds another file of the same name; that one was taken.' : null)
    if (reason !== null) {
      refused.push({ name: readableName(name), reason })
      continue
    }
    taken.add(name)
    const { uncompressedSize: bytes, compressedSize: compressedBytes } = entry
    known.set(Object.freeze({ name, bytes, compressedBytes, isEncrypted: entry.isEncrypted() }), entry)
  }
  return { known, refused }
}

function isFolder(entry: Entry): boolean {
  const last = entry.fileNameRaw.at(-1)
  return last === 0x2f || (last === 0x5c && entry.uncompressedSize === 0)
}

function haveSharedBytes(entries: Iterable<Entry>): boolean {
  let end = 0
  for (const entry of [...entries].sort(
    (a, b) => a.relativeOffsetOfLocalHeader - b.relativeOffsetOfLocalHeader,
  )) {
    if (entry.relativeOffsetOfLocalHeader < end) return true
    end = entry.relativeOffsetOfLocalHeader + localHeaderBytes + entry.compressedSize
  }
  return false
}

function requireReadable(entry: ZipEntry, { compressionMethod }: Entry, most: number): void {
  if (entry.isEncrypted)
    throw new AppError('file_unreadable', `${entry.name} is locked with a password. Unpack it first.`, {
      entry: entry.name,
    })
  if (compressionMethod !== stored && compressionMethod !== deflated)
    throw new AppError(
      'file_unreadable',
      `${entry.name} is packed by a method that is not read (${otherMethods[compressionMethod] ?? `number ${compressionMethod}`}). Pack it again as a usual ZIP archive.`,
      { entry: entry.name, method: compressionMethod },
    )
  if (entry.bytes > most || entry.bytes > Math.max(1_000_000, entry.compressedBytes * highestRatio))
    throw new AppError(
      'file_too_large',
      `${entry.name} would unpack to ${Math.ceil(entry.bytes / 1e6).toLocaleString('en')} MB, more than is taken from an archive. Unpack it and take the file itself.`,
      { entry: entry.name, bytes: entry.bytes },
    )
}

function messageOf(thrown: unknown): string {
  return (thrown instanceof Error ? thrown.message : String(thrown)).replace(/\.$/, '')
}

/** What yauzl says of a damaged archive, and what that means to a person. */
const faults: readonly (readonly [RegExp, string])[] = [
  [
    /^(?:End of central directory|Invalid comment length)/,
    'its end is missing or damaged, as when it was not copied whole',
  ],
  [/central directory|zip64|extra field|mismatch for stored/i, 'its list of files is damaged'],
  [/local file header|file data overflows|unexpected EOF/, 'a file is not where its list says'],
  [/multi-disk/, 'it is one part of several'],
  [/strong encryption/, 'it is locked with a password'],
]

function faultOf(thrown: unknown): string {
  const said = messageOf(thrown)
  return faults.find(([pattern]) => pattern.test(said))?.[1] ?? said
}

function entryDamaged(path: string, name: string, fault: string): AppError {
  return new AppError(
    'file_unreadable',
    `${name} in ${basename(path)} is damaged: ${fault}. Pack it again.`,
    { path, entry: name },
  )
}

function unreadable(path: string, thrown: unknown): AppError {
  return new AppError(
    'file_unreadable',
    `${basename(path)} is damaged, or is no ZIP archive: ${faultOf(thrown)}. Pack or save it again.`,
    { path },
  )
}

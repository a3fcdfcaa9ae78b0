import { createWriteStream } from 'node:fs'
import { basename } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { Expansion, FoundProblem } from '../../contract/imports.ts'
import { AppError } from '../../contract/errors.ts'
import { makeFolder } from '../../store/files.ts'
import { detect } from '../readers/detect.ts'
import { keepFile } from './kept-files.ts'
import type { KeptFile } from './kept-files.ts'
import { compareNames } from './list-folder.ts'
import { passedOver } from './passed-over.ts'
import { openZip } from './zip.ts'
import type { Zip, ZipEntry } from './zip.ts'

const mostPerEntry = 2e9
const mostInAll = 4e9
/** Up to here an archive may unpack to whatever it is; beyond, to so many times its own size. */
const freely = 100e6
const times = 200
/** Files of an archive and of those in it; small ones cost no bytes, but each a place on the disk. */
const mostFiles = 20_000
/** What stays free on the disk, so that the store and a running job can go on writing. */
const keptFree = 200 * 1024 ** 2
/** An archive in an archive is unpacked, one within that is not. */
const deepest = 2

/** What may still be unpacked: bytes, and files. */
export interface UnpackBudget {
  left: number
  files: number
}

/** Where to unpack to, and how much may yet come of it. */
export interface Unpacking {
  /** The folder of the uploads. */
  readonly uploads: string
  readonly signal: AbortSignal
  readonly budget: UnpackBudget
  progress(done: number, total: number): void
  /** The room on a folder's disk in bytes. */
  freeBytes(folder: string): Promise<number>
}

export interface Unpacked extends Pick<Expansion, 'files' | 'skipped'> {
  /** Where the files lie, for whoever must remove them when something else fails. */
  readonly made: readonly KeptFile[]
}

/** How much an archive of so many bytes may unpack to. */
export function unpackBudget(bytes: number, left = mostInAll, files = mostFiles): UnpackBudget {
  return { left: Math.min(left, mostInAll, Math.max(freely, bytes * times)), files }
}

/**
 * Unpacks what can be read of a ZIP archive, each file into a place of its own among the uploads; all or nothing.
 * Archives in it are unpacked too, one level deep. What fails to unpack, or is of no kind that is read, is skipped
 * with the reason.
 *
 * @throws AppError `file_unreadable` (no archive), `file_too_large` (unpacks to too much), `disk_full`, `cancelled`
 */
export async function unpack(path: string, unpacking: Unpacking, level = 1): Promise<Unpacked> {
  const made: KeptFile[] = []
  const zip = await openZip(path)
  try {
    return await unpackEntries(path, zip, { ...unpacking, level, made })
  } catch (thrown) {
    await removeFiles(made)
    throw thrown
  } finally {
    await zip.close()
  }
}

/** Removes what was unpacked. */
export async function removeFiles(made: readonly KeptFile[]): Promise<void> {
  for (const one of made) await one.remove()
}

interface Level extends Unpacking {
  readonly level: number
  readonly made: KeptFile[]
}

async function unpackEntries(path: string, zip: Zip, options: Level): Promise<Unpacked> {
  const skipped: FoundProblem[] = zip.refused.map(({ name, reason }) => ({
    kind: 'file_refused',
    where: name,
    message: reason,
  }))
  const wanted = sortOut(zip.entries, skipped)
  await requireRoom(path, wanted, options)
  const files: Unpacked['files'][number][] = []
  for (const [i, entry] of wanted.entries()) {
    if (options.level === 1) options.progress(i, wanted.length)
    const part = await unpackEntry(zip, entry, options)
    files.push(...part.files)
    skipped.push(...part.skipped)
  }
  return { files, skipped, made: options.made }
}

/** The entries to unpack, in the order in which a person would count them; the others go to `skipped`. */
function sortOut(entries: readonly ZipEntry[], skipped: FoundProblem[]): ZipEntry[] {
  const hidden = new Map<string, { reason: string; count: number }>()
  const wanted = entries.filter(({ name, bytes }) => {
    const parts = name.split('/')
    const at = parts.findIndex((part) => passedOver(part) !== null)
    if (at >= 0) {
      const place = parts.slice(0, at + 1).join('/')
      const reason = passedOver(parts[at] ?? '') ?? ''
      hidden.set(place, { reason, count: (hidden.get(place)?.count ?? 0) + 1 })
    } else if (bytes > mostPerEntry)
      skipped.push({
        kind: 'file_too_large',
        where: name,
        message: `It would unpack to ${gigabytes(bytes)}; at most ${gigabytes(mostPerEntry)} are taken from an archive. Unpack it yourself and take the file.`,
      })
    return at < 0 && bytes <= mostPerEntry
  })
  for (const [where, { reason, count }] of hidden)
    skipped.push({
      kind: 'file_hidden',
      where,
      message: count > 1 ? `${reason} (${count.toLocaleString('en')} files)` : reason,
    })
  return wanted.sort((a, b) => compareNames(a.name, b.name))
}

async function requireRoom(
  path: string,
  wanted: readonly ZipEntry[],
  { uploads, budget, freeBytes }: Unpacking,
): Promise<void> {
  const bytes = wanted.reduce((sum, entry) => sum + entry.bytes, 0)
  if (wanted.length > budget.files)
    throw new AppError(
      'file_too_large',
      `${basename(path)} holds more files than are taken at once, ${mostFiles.toLocaleString('en')} in all. Unpack it yourself and take the files that are wanted.`,
      { path, files: wanted.length },
    )
  if (bytes > budget.left)
    throw new AppError(
      'file_too_large',
      `${basename(path)} would unpack to ${gigabytes(bytes)}, more than is taken from an archive of its size. Unpack it yourself and take the files that are wanted.`,
      { path, bytes },
    )
  await makeFolder(uploads)
  const room = Math.max(0, (await freeBytes(uploads)) - keptFree)
  if (bytes > room)
    throw new AppError(
      'disk_full',
      `${basename(path)} would unpack to ${gigabytes(bytes)}, and the disk has room for ${gigabytes(room)}. Free some space, or take fewer files.`,
      { path, bytes, room },
    )
  budget.left -= bytes
  budget.files -= wanted.length
}

async function unpackEntry(
  zip: Zip,
  entry: ZipEntry,
  options: Level,
): Promise<Pick<Unpacked, 'files' | 'skipped'>> {
  const { name } = entry
  const kept = await keepFile(options.uploads, name)
  let isWanted = false
  try {
    await writeEntry(zip, entry, kept.path, options.signal)
    const found = await detect(kept.path)
    if (found.kind === 'archive') return await unpackInner(kept.path, name, options)
    if (found.kind === 'unsupported') return skip('file_unreadable', name, found.message)
    isWanted = true
    options.made.push(kept)
    return { files: [{ file: { upload: kept.upload }, name, bytes: found.bytes }], skipped: [] }
  } catch (thrown) {
    if (thrown instanceof AppError && thrown.code.startsWith('file_'))
      return skip(thrown.code, name, thrown.message)
    throw thrown
  } finally {
    if (!isWanted) await kept.remove()
  }
}

/** Unpacks an archive that lies in an archive; its files are named below it. */
async function unpackInner(
  path: string,
  name: string,
  options: Level,
): Promise<Pick<Unpacked, 'files' | 'skipped'>> {
  if (options.level >= deepest)
    return skip(
      'archive_nested',
      name,
      'It is an archive within an archive within an archive. Unpack it yourself and take the files in it.',
    )
  const inner = await unpack(path, options, options.level + 1)
  options.made.push(...inner.made)
  return {
    files: inner.files.map((file) => ({ ...file, name: `${name}/${file.name}` })),
    skipped: inner.skipped.map((problem) => ({ ...problem, where: `${name}/${problem.where}` })),
  }
}

async function writeEntry(zip: Zip, entry: ZipEntry, path: string, signal: AbortSignal): Promise<void> {
  try {
    await pipeline(await zip.stream(entry, mostPerEntry), createWriteStream(path, { flags: 'wx' }), {
      signal,
    })
  } catch (thrown) {
    if (signal.aborted) throw new AppError('cancelled', 'Unpacking was cancelled; nothing of it was kept.')
    if (thrown instanceof Error && 'code' in thrown && (thrown.code === 'ENOSPC' || thrown.code === 'EDQUOT'))
      throw new AppError(
        'disk_full',
        'The disk became full while unpacking. Free some space and try again.',
        {
          entry: entry.name,
        },
      )
    throw thrown
  }
}

function skip(kind: string, where: string, message: string): Pick<Unpacked, 'files' | 'skipped'> {
  return { files: [], skipped: [{ kind, where, message }] }
}

function gigabytes(bytes: number): string {
  return bytes < 1e9 ? `${Math.ceil(bytes / 1e6)} MB` : `${(bytes / 1e9).toFixed(1)} GB`
}

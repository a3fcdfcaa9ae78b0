import { link, open, rename, rm, stat } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { randomUUID } from 'node:crypto'
import { dirname, join } from 'node:path'
import { AppError } from '../../contract/errors.ts'
import { makeFolder } from '../../store/files.ts'

export interface NewFile {
  readonly folder: string
  /** The name without ending. */
  readonly stem: string
  readonly ending: string
}

const longestName = 60

/** Whatever a person calls a thing, as the name of a file on any system. */
export function fileStem(name: string, otherwise: string): string {
  const plain = name
    .normalize('NFC')
    .replace(/[^\p{L}\p{M}\p{N} ._()-]+/gu, '-')
    .replace(/\s+/g, ' ')
    .replace(/-{2,}/g, '-')
  const cut = [...plain]
    .slice(0, longestName)
    .join('')
    .replace(/^[-. ]+|[-. ]+$/g, '')
  // Windows keeps these names for its devices, whatever their ending.
  return /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i.test(cut) ? `${otherwise} ${cut}` : cut || otherwise
}

/**
 * Writes a text to a new file: under a temporary name, synced, then given its own, with a number where that is
 * taken; nothing that is there is written over. Where it fails nothing is left.
 *
 * @throws AppError `disk_full`, `write_failed`, `export_failed`; `cancelled` where the signal is aborted.
 */
export async function writeNewFile(
  target: NewFile,
  chunks: AsyncIterable<string>,
  signal: AbortSignal,
): Promise<{ readonly path: string; readonly bytes: number }> {
  const temporary = join(target.folder, `.loracle-${randomUUID()}`)
  try {
    await makeFolder(target.folder)
    const file = await open(temporary, 'wx')
    let bytes: number
    try {
      bytes = await writeAll(file, chunks, signal)
      await file.sync()
    } finally {
      await file.close()
    }
    const path = await giveName(temporary, target)
    await syncFolder(dirname(path))
    return { path, bytes }
  } catch (thrown) {
    throw writeFailure(thrown, target.folder)
  } finally {
    await rm(temporary, { force: true }).catch(() => undefined)
  }
}

async function writeAll(
  file: FileHandle,
  chunks: AsyncIterable<string>,
  signal: AbortSignal,
): Promise<number> {
  let bytes = 0
  for await (const chunk of chunks) {
    if (signal.aborted) throw new AppError('cancelled', 'The export was stopped. Nothing of it is left.')
    bytes += (await file.write(chunk)).bytesWritten
  }
  return bytes
}

async function giveName(temporary: string, { folder, stem, ending }: NewFile): Promise<string> {
  for (let number = 1; ; number++) {
    const path = join(folder, `${stem}${number === 1 ? '' : `-${number}`}${ending}`)
    try {
      // Fails where the name is taken, which renaming would not.
      await link(temporary, path)
      return path
    } catch (thrown) {
      const code = codeOf(thrown)
      if (code === 'EEXIST') continue
      if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EXDEV', 'EMLINK', 'EISDIR'].includes(code))
        throw thrown
      // File systems without hard links (FAT).
      if (await stat(path).catch(() => null)) continue
      await rename(temporary, path)
      return path
    }
  }
}

/** Brings the name to the disk as well; systems that cannot open folders do without. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => null)
  await handle?.sync().catch(() => undefined)
  await handle?.close()
}

function codeOf(thrown: unknown): string {
  return thrown instanceof Error && 'code' in thrown ? String(thrown.code) : ''
}

function writeFailure(thrown: unknown, folder: string): unknown {
  const code = codeOf(thrown)
  if (thrown instanceof AppError || code === '') return thrown
  const details = { folder, errno: code }
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return new AppError(
        'disk_full',
        `The disk is full: there was no room left in ${folder}. Free some space or choose another folder, and export again; nothing half written was left behind.`,
        details,
      )
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new AppError(
        'write_failed',
        `${folder} cannot be written to. Choose another folder, or change its permissions, and export again.`,
        details,
      )
    default:
      return new AppError(
        'export_failed',
        `Nothing was exported to ${folder} (${code}). Choose another folder, and export again.`,
        details,
      )
  }
}

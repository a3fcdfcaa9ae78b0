import { statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import { AppError } from '../contract/errors.ts'

/** Below this SQLite has no room for its next page and the index of its log. */
const leastFree = 256 * 1024

/** SQLite's own code of what was thrown (`SQLITE_BUSY`, …); empty where it has none. */
export function codeOf(thrown: unknown): string {
  return thrown instanceof Error && 'code' in thrown ? String(thrown.code) : ''
}

/** SQLite's codes as errors for a person; everything else stays as it is. */
export async function asStoreError(thrown: unknown, path: string): Promise<unknown> {
  switch (codeOf(thrown)) {
    case 'SQLITE_FULL':
      return storeFull(path)
    case 'SQLITE_IOERR':
      // What lies in memory beside the log cannot grow on a full disk, which SQLite calls an error of the disk.
      return (await isFull(dirname(path))) ? storeFull(path) : storeUnreadable(path, thrown)
    case 'SQLITE_CORRUPT':
    case 'SQLITE_NOTADB':
      return storeDamaged(path)
    case 'SQLITE_CANTOPEN':
    case 'SQLITE_READONLY':
    case 'SQLITE_PERM':
      return (await isFull(dirname(path))) ? storeFull(path) : notWritable(path)
    case 'SQLITE_BUSY':
    case 'SQLITE_LOCKED':
      return storeHeld(path)
    case 'SQLITE_MISUSE':
      return closed()
    default:
      return thrown
  }
}

export function storeDamaged(path: string): AppError {
  return new AppError(
    'store_damaged',
    `${path} is damaged and cannot be read. Put it aside (rename it) and start again: the run folders beside it are whole in themselves and keep their adapters.`,
    { path },
  )
}

/** A call that came while the app was going. */
function closed(): AppError {
  return new AppError('connection_lost', 'Loracle is closing. Open it again, and try once more.')
}

/** Another program (one to look into databases, a backup) has the file open and locked. */
export function storeHeld(path: string): AppError {
  return new AppError(
    'store_in_use',
    `${path} is held by another program. Close that program, then try again; everything saved before is intact.`,
    { path },
  )
}

export function storeFull(path: string): AppError {
  return new AppError(
    'disk_full',
    `The disk is full: ${path} could not be written. Free some space and try again; everything saved before is intact.`,
    { path },
  )
}

function notWritable(path: string): AppError {
  return new AppError(
    'write_failed',
    `${path} cannot be opened for writing. Change the folder's permissions, or choose another with --home.`,
    { path },
  )
}

function storeUnreadable(path: string, thrown: unknown): AppError {
  const said = thrown instanceof Error ? thrown.message : String(thrown)
  return new AppError(
    'write_failed',
    `${path} could not be read or written: ${said}. See whether its disk is still connected and sound, then start Loracle again; everything saved before is intact.`,
    { path },
  )
}

async function isFull(folder: string): Promise<boolean> {
  const found = await statfs(folder).catch(() => null)
  // Those of the system itself, such as /sys, have no room at all and are not full.
  return found !== null && found.blocks > 0 && found.bavail * found.bsize < leastFree
}

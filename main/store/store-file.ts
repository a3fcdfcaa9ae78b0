import { open, stat } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { storeDamaged } from './store-errors.ts'

const magic = 'SQLite format 3\0'
/** Where a SQLite file's header keeps `user_version`, and how long the header is. */
const versionAt = 60
const headerBytes = 100
/** Of a write-ahead log and of each of its frames: https://www.sqlite.org/fileformat2.html#walformat. */
const logHeaderBytes = 32
const frameHeaderBytes = 24
const framesPerRead = 256

/**
 * The newest `user_version` that a store's file or the log beside it names, read without opening the store, which
 * alone may write to it. A log's frames are taken as they stand, whether or not they were committed: the store is of
 * no newer version than this. 0 where there is no file, or an empty one: a store yet to be made.
 *
 * @throws AppError `store_damaged` where it is no SQLite file.
 */
export async function newestVersionIn(path: string): Promise<number> {
  const file = await open(path, 'r').catch(() => null)
  if (!file) return 0
  try {
    const header = Buffer.alloc(headerBytes)
    const { bytesRead } = await file.read(header, 0, headerBytes, 0)
    if (bytesRead === 0) return 0
    if (bytesRead < headerBytes || header.toString('latin1', 0, magic.length) !== magic)
      throw storeDamaged(path)
    return Math.max(header.readUInt32BE(versionAt), await newestVersionInLog(`${path}-wal`))
  } finally {
    await file.close()
  }
}

/** What lies beside a store's file and belongs to it, as its last process left it: a log, or a rollback journal. */
export async function leftoversOf(path: string): Promise<readonly string[]> {
  const beside = [`${path}-wal`, `${path}-journal`]
  const sizes = await Promise.all(beside.map(bytesOf))
  return beside.filter((_, i) => (sizes[i] ?? 0) > 0)
}

/** Bytes of a file; 0 where there is none. */
export async function bytesOf(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => 0,
  )
}

async function newestVersionInLog(path: string): Promise<number> {
  const log = await open(path, 'r').catch(() => null)
  if (!log) return 0
  try {
    const header = Buffer.alloc(logHeaderBytes)
    if ((await log.read(header, 0, logHeaderBytes, 0)).bytesRead < logHeaderBytes) return 0
    return await newestVersionInFrames(log, header)
  } finally {
    await log.close()
  }
}

async function newestVersionInFrames(log: FileHandle, header: Buffer): Promise<number> {
  const pageBytes = header.readUInt32BE(8)
  // The largest page of SQLite; anything else is no log.
  if (pageBytes < 512 || pageBytes > 65_536) return 0
  const salts = header.subarray(16, 24)
  const frameBytes = frameHeaderBytes + pageBytes
  const frames = Buffer.alloc(frameBytes * framesPerRead)
  let newest = 0
  for (let position = logHeaderBytes; ; position += frames.length) {
    const { bytesRead } = await log.read(frames, 0, frames.length, position)
    for (let at = 0; at + frameBytes <= bytesRead; at += frameBytes) {
      // A frame with other salts was left by an earlier round of the log, and so is all that follows it.
      if (!frames.subarray(at + 8, at + 16).equals(salts)) return newest
      if (frames.readUInt32BE(at) === 1)
        newest = Math.max(newest, frames.readUInt32BE(at + frameHeaderBytes + versionAt))
    }
    if (bytesRead < frames.length) return newest
  }
}

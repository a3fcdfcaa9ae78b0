import { constants } from 'node:fs'
import { copyFile, open, readdir, rename, rm, stat, statfs, utimes } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { storeFull } from './store-errors.ts'
import { bytesOf } from './store-file.ts'

/** Copies that are kept; older ones are removed when a store has come forward. */
const keptCopies = 3
/** Room that is left beside a copy, for the migration itself. */
const margin = 1024 * 1024
const compared = 1024 * 1024

/** @throws AppError `disk_full` where the store's disk has no room for a copy of it and its log. */
export async function requireRoomForCopy(path: string): Promise<void> {
  const bytes = (await bytesOf(path)) + (await bytesOf(`${path}-wal`))
  const { bavail, bsize } = await statfs(dirname(path))
  if (bavail * bsize < bytes + margin) throw storeFull(path)
}

/**
 * Copies a store that is closed, and so has no log, beside itself as `store.before-<version>.sqlite`: synced, and
 * under that name when it is whole. A copy that is there stays: where it is the same store it serves again (an attempt
 * failed or was killed), else the new one gets a number.
 */
export async function backUp(path: string, version: number): Promise<void> {
  const folder = dirname(path)
  const part = join(folder, 'store.before.part')
  await rm(part, { force: true })
  const copy = await freeCopyName(path, version)
  if (copy === null) return
  try {
    await copyFile(path, part, constants.COPYFILE_FICLONE)
    // Some systems give a copy the times of what was copied; the newest copies are kept by theirs.
    const now = new Date()
    await utimes(part, now, now)
    await sync(part, 'r+')
    await rename(part, copy)
    // Windows opens no folders, and needs no such sync.
    await sync(folder, 'r').catch(() => undefined)
  } catch (thrown) {
    await rm(part, { force: true })
    throw isFull(thrown) ? storeFull(path) : thrown
  }
}

/** Removes all but the newest copies of earlier forms. */
export async function removeOldCopies(path: string): Promise<void> {
  const folder = dirname(path)
  const names = (await readdir(folder)).filter((name) => /^store\.before-\d+(-\d+)?\.sqlite$/.test(name))
  const copies = await Promise.all(
    names.map(async (name) => ({ name, at: (await stat(join(folder, name))).mtimeMs })),
  )
  const old = copies.toSorted((a, b) => b.at - a.at).slice(keptCopies)
  // Whoever looked into a copy with another program may have left files beside it.
  for (const { name } of old)
    for (const beside of ['', '-wal', '-shm']) await rm(join(folder, `${name}${beside}`), { force: true })
}

/** Null where a copy of the store as it is lies there already. */
async function freeCopyName(path: string, version: number): Promise<string | null> {
  const stem = join(dirname(path), `${basename(path, '.sqlite')}.before-${version}`)
  for (let number = 1; ; number++) {
    const copy = `${stem}${number === 1 ? '' : `-${number}`}.sqlite`
    if (!(await stat(copy).catch(() => null))) return copy
    if (await isSame(path, copy)) return null
  }
}

async function isSame(path: string, other: string): Promise<boolean> {
  if ((await bytesOf(path)) !== (await bytesOf(other))) return false
  const files = [await open(path, 'r'), await open(other, 'r')] as const
  try {
    const [mine, theirs] = [Buffer.alloc(compared), Buffer.alloc(compared)]
    for (;;) {
      const { bytesRead } = await files[0].read(mine, 0, compared)
      await files[1].read(theirs, 0, compared)
      if (bytesRead === 0) return true
      if (!mine.subarray(0, bytesRead).equals(theirs.subarray(0, bytesRead))) return false
    }
  } finally {
    for (const file of files) await file.close()
  }
}

async function sync(path: string, flags: string): Promise<void> {
  const file = await open(path, flags)
  try {
    await file.sync()
  } finally {
    await file.close()
  }
}

function isFull(thrown: unknown): boolean {
  return thrown instanceof Error && 'code' in thrown && (thrown.code === 'ENOSPC' || thrown.code === 'EDQUOT')
}

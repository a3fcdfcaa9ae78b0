import { open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'

/**
 * Writes a file so that it is there whole or not at all: to a temporary name, synced, renamed, and the folder
 * synced. What stood there before stays until the rename.
 */
export async function writeAtomic(path: string, data: Uint8Array | string): Promise<void> {
  const temporary = `${path}.tmp`
  try {
    const file = await open(temporary, 'w')
    try {
      await file.writeFile(data)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
  } catch (thrown) {
    // What went wrong first is what matters.
    await rm(temporary, { force: true }).catch(() => undefined)
    throw thrown
  }
  await syncFolder(dirname(path))
}

/** Makes what was renamed into a folder, or made in it, last; Windows has no such call and needs none. */
export async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return
  const folder = await open(path)
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

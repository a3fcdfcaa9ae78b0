import { lstat, readdir, statfs } from 'node:fs/promises'
import { join } from 'node:path'

interface Extent {
  files: number
  bytes: number
}

/** Deeper folders are none of Loracle's. */
const deepest = 8

/** How much lies where in a home folder, by kind and not by name, and the room that is left. */
export async function homeFacts(home: string): Promise<Readonly<Record<string, unknown>>> {
  const entries = await readdir(home, { withFileTypes: true }).catch(() => [])
  const folders: Record<string, Extent> = {}
  for (const entry of entries) {
    const name = entry.isDirectory() ? `${entry.name}/` : shownName(entry.name)
    const extent = (folders[name] ??= { files: 0, bytes: 0 })
    await measure(join(home, entry.name), extent, deepest)
  }
  const room = await statfs(home).catch(() => null)
  return {
    folders,
    freeMegabytes: room && Math.round((room.bavail * room.bsize) / 1e6),
    fileSystemType: room && `0x${room.type.toString(16)}`,
  }
}

/** Files of Loracle's own; others are not named. */
function shownName(name: string): string {
  return /^(store|lock|providers|window)[\w.:-]*$/.test(name) ? name : '<other files>'
}

async function measure(path: string, extent: Extent, depth: number): Promise<void> {
  const found = await lstat(path).catch(() => null)
  if (!found) return
  if (found.isFile()) {
    extent.files++
    extent.bytes += found.size
  }
  if (!found.isDirectory() || depth === 0) return
  for (const name of await readdir(path).catch(() => [])) await measure(join(path, name), extent, depth - 1)
}

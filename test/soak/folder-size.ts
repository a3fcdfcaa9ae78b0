import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'

/** The bytes of a file; 0 where there is none. */
export async function fileBytes(path: string): Promise<number> {
  return (await stat(path).catch(() => null))?.size ?? 0
}

/** The files below a folder and their bytes together. */
export async function folderSize(
  folder: string,
): Promise<{ readonly files: number; readonly bytes: number }> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  const sizes = await Promise.all(files.map(fileBytes))
  return { files: files.length, bytes: sizes.reduce((a, b) => a + b, 0) }
}

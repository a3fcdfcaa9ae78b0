import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, readdir, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'

export interface TreeFile {
  /** Below the folder, in this system's form. */
  readonly name: string
  readonly bytes: number
}

export interface CopyOptions {
  readonly signal: AbortSignal
  readonly onProgress: (done: number, total: number) => void
}

/** The files of a folder and all folders in it, by name; links are followed. */
export async function filesOf(folder: string): Promise<readonly TreeFile[]> {
  const names = await readdir(folder, { recursive: true })
  const files: TreeFile[] = []
  for (const name of names.toSorted()) {
    const found = await stat(join(folder, name))
    if (found.isFile()) files.push({ name, bytes: found.size })
  }
  return files
}

/** Copies a folder's files to another folder and syncs each; progress counts bytes. */
export async function copyTree(from: string, to: string, { signal, onProgress }: CopyOptions): Promise<void> {
  const files = await filesOf(from)
  const total = files.reduce((sum, file) => sum + file.bytes, 0)
  let done = 0
  await mkdir(to, { recursive: true })
  for (const { name } of files) {
    await mkdir(dirname(join(to, name)), { recursive: true })
    await copyBytes(join(from, name), join(to, name), {
      signal,
      onBytes: (bytes) => {
        done += bytes
        onProgress(done, total)
      },
    })
  }
}

/** Copies one file and syncs it. */
export async function copyBytes(
  from: string,
  to: string,
  { signal, onBytes }: { readonly signal: AbortSignal; readonly onBytes: (bytes: number) => void },
): Promise<void> {
  const source = createReadStream(from, { highWaterMark: 1 << 20 })
  source.on('data', (chunk) => {
    onBytes(chunk.length)
  })
  await pipeline(source, createWriteStream(to, { flush: true }), { signal })
}

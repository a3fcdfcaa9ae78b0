import { execFileSync } from 'node:child_process'
import { mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** A file of a case, by its path in the case's folder. */
export type HostileFile = { readonly path: string } & (
  | { readonly bytes: Uint8Array | string }
  /** A link to a path, which need not be there. */
  | { readonly link: string }
  /** A named pipe: whoever opens it waits for somebody who writes. */
  | { readonly pipe: true }
  /** So many zeros that take no room on the disk. */
  | { readonly zeros: number }
)

/** What one reading is given. */
export interface HostileCase {
  readonly files: readonly HostileFile[]
  /** What was done to what, for the report. */
  readonly story: string
}

/** Writes a case's files below a folder. */
export function writeCase(folder: string, { files }: HostileCase): void {
  const folders = new Set(files.map(({ path }) => dirname(join(folder, path))))
  for (const one of [folder, ...folders]) mkdirSync(one, { recursive: true })
  for (const file of files) {
    const path = join(folder, file.path)
    if ('bytes' in file) writeFileSync(path, file.bytes)
    else if ('link' in file) symlinkSync(file.link, path)
    else if ('pipe' in file) execFileSync('mkfifo', [path])
    else {
      writeFileSync(path, '')
      truncateSync(path, file.zeros)
    }
  }
}

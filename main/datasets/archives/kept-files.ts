import { randomBytes } from 'node:crypto'
import { mkdir, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { makeFolder, removeFolder } from '../../store/files.ts'

/** A place for a file that the host itself makes, found by its id as an upload is. */
export interface KeptFile {
  readonly upload: string
  readonly path: string
  /** Removes the file and its place. */
  remove(): Promise<void>
}

/** Tells such files from what a browser has uploaded. */
const prefix = 'made-'
const longestName = 120

/**
 * Makes a place for a file in the uploads folder: a folder of its own, named by a random id, that is to hold that
 * file alone. The file's name is made from `name` such that every system takes it; it is never a path.
 */
export async function keepFile(uploads: string, name: string): Promise<KeptFile> {
  const upload = prefix + randomBytes(16).toString('base64url')
  const folder = join(uploads, upload)
  await makeFolder(uploads)
  await mkdir(folder)
  return { upload, path: join(folder, fileNameOf(name)), remove: () => removeFolder(folder) }
}

/**
 * Removes what `keepFile` made and nobody removed: all of it when the app starts, later what is older than `age`
 * milliseconds. What a browser has uploaded is left alone.
 */
export async function sweepKeptFiles(uploads: string, age = 0): Promise<void> {
  const names = await readdir(uploads).catch(() => [])
  const before = Date.now() - age
  for (const name of names) {
    if (!name.startsWith(prefix)) continue
    const folder = join(uploads, name)
    const info = await stat(folder).catch(() => null)
    // What cannot be removed now (open in another program) is removed the next time.
    if (info && info.mtimeMs <= before) await removeFolder(folder).catch(() => undefined)
  }
}

/** A file name that every system takes, from an entry's path or an address; its extension stays. */
export function fileNameOf(given: string): string {
  const last = given.toWellFormed().normalize('NFC').split(/[/\\]/).at(-1) ?? ''
  const plain = last.replaceAll(/[\p{Cc}\p{Cf}<>:"|?*]/gu, '_').replaceAll(/^[. ]+|[. ]+$/g, '')
  const dot = plain.lastIndexOf('.')
  const ending = dot > 0 && plain.length - dot <= 20 ? plain.slice(dot) : ''
  const stem = plain.slice(0, plain.length - ending.length)
  // Counted in bytes: file systems end at 255.
  const short = Buffer.from(stem).subarray(0, longestName).toString().replaceAll('\ufffd', '')
  const free = /^(?:con|prn|aux|nul|com[\d¹²³]|lpt[\d¹²³])\s*(?:\.|$)/i.test(`${short}${ending}`)
    ? `_${short}`
    : short
  return `${free}${ending}` || 'file'
}

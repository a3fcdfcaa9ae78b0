import { mkdtemp, readdir, rename, rm, rmdir, stat, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { AppError } from '../contract/errors.ts'
import { makeFolder } from './files.ts'

const temporaryPrefix = '.loracle-'
const longestName = 60

/** A folder or file to be made. */
export interface Target {
  readonly folder: string
  /** The name without ending. */
  readonly stem: string
  /** `.json`; empty for a folder. */
  readonly ending: string
}

/** Whatever a person calls a thing, as the name of a file or folder on any system. */
export function fileName(name: string, otherwise: string): string {
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
  if (/^(con|prn|aux|nul|com[\d¹²³]|lpt[\d¹²³])\s*(\.|$)/i.test(cut)) return `${otherwise} ${cut}`
  return cut || otherwise
}

let lastPlacing: Promise<unknown> = Promise.resolve()

/**
 * Lets `write` make a folder or file under a temporary name, and gives it its own name when it is whole; a name
 * that is taken gets a number. Where it fails nothing is left, the folder neither if it was made for this.
 */
export async function writeInPlace(
  { folder, stem, ending }: Target,
  write: (path: string) => Promise<void>,
): Promise<string> {
  const made = await makeFolder(folder)
  try {
    const temporary = await mkdtemp(join(folder, temporaryPrefix))
    try {
      const written = join(temporary, `export${ending}`)
      await write(written)
      // One after another: two exports of one name must not find the same number free.
      const placing = lastPlacing.then(async () => {
        const path = await freePath({ folder, stem, ending })
        await rename(written, path)
        return path
      })
      lastPlacing = placing.catch(() => undefined)
      return await placing
    } finally {
      await rm(temporary, { recursive: true, force: true })
    }
  } catch (thrown) {
    if (made !== undefined) await rmdir(folder).catch(() => undefined)
    throw thrown
  }
}

async function freePath({ folder, stem, ending }: Target): Promise<string> {
  for (let number = 1; ; number++) {
    const path = join(folder, `${stem}${number === 1 ? '' : `-${number}`}${ending}`)
    if (!(await stat(path).catch(() => null))) return path
  }
}

/** @throws AppError `disk_full` where a folder's disk has less room than `bytes`. */
export async function requireRoom(folder: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder)
  const free = bavail * bsize
  if (free >= bytes) return
  const megabytes = (count: number) => Math.ceil(count / 1e6).toLocaleString('en')
  throw new AppError(
    'disk_full',
    `The export takes ${megabytes(bytes)} MB and ${folder} has ${megabytes(free)} MB left. Free some space, or choose another folder.`,
    { folder, bytes, free },
  )
}

/** Removes what exports that were cut off by the end of the app have left in the home's exports folder. */
export async function removeTemporaries(exportsFolder: string): Promise<void> {
  for (const project of await readdir(exportsFolder, { withFileTypes: true }).catch(() => [])) {
    if (!project.isDirectory()) continue
    const folder = join(exportsFolder, project.name)
    for (const name of await readdir(folder).catch(() => []))
      if (name.startsWith(temporaryPrefix)) await rm(join(folder, name), { recursive: true, force: true })
  }
}

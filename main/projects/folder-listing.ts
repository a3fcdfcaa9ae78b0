import type { Dirent } from 'node:fs'
import { opendir, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { basename, dirname, join, resolve } from 'node:path'
import { AppError } from '../contract/errors.ts'
import type { Handlers } from '../contract/methods.ts'
import type { FolderEntry } from '../contract/projects.ts'

const maxEntries = 2000

/** Folders of the host's machine, for choosing a file where no dialog of the system can be opened. */
export function createFiles(): Handlers<'files.list'> {
  return {
    'files.list': async ({ path: given }) => {
      const path = resolve(given ?? homedir())
      const names = await visibleNames(path)
      const entries = await Promise.all(names.map((name) => entryOf(path, name)))
      const parent = dirname(path)
      return {
        path,
        parent: parent === path ? null : parent,
        entries: entries
          .filter((entry) => entry !== null)
          .sort((a, b) => Number(b.folder) - Number(a.folder) || collator.compare(a.name, b.name)),
      }
    },
  }
}

const collator = new Intl.Collator('en', { numeric: true, sensitivity: 'base' })

async function visibleNames(path: string): Promise<string[]> {
  const names: string[] = []
  try {
    for await (const entry of await opendir(path)) {
      if (!isShown(entry)) continue
      names.push(entry.name)
      if (names.length === maxEntries) break
    }
  } catch (error) {
    throw asListingError(path, error)
  }
  return names
}

function isShown(entry: Dirent): boolean {
  return !entry.name.startsWith('.') && (entry.isFile() || entry.isDirectory() || entry.isSymbolicLink())
}

/** Null for what is gone, cannot be looked at, or is neither file nor folder. */
async function entryOf(folder: string, name: string): Promise<FolderEntry | null> {
  const path = join(folder, name)
  const info = await stat(path).catch(() => null)
  if (!info || !(info.isFile() || info.isDirectory())) return null
  const isFolder = info.isDirectory()
  return { name, path, folder: isFolder, bytes: isFolder ? 0 : info.size }
}

function asListingError(path: string, error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  const name = basename(path) || path
  switch (code) {
    case 'ENOENT':
      return new AppError('file_missing', `The folder ${path} does not exist any more. Choose another.`, {
        path,
      })
    case 'EACCES':
    case 'EPERM':
      return new AppError(
        'file_missing',
        `The folder ${name} cannot be looked into: permission denied. Choose another, or change its permissions.`,
        { path },
      )
    case 'ENOTDIR':
      return new AppError(
        'file_invalid',
        `${name} is a file, not a folder. Choose the folder that it lies in.`,
        {
          path,
        },
      )
    case undefined:
      return error
    default:
      // A name that is too long, a circle of links, a disk that fails: the person chose it, and can choose another.
      return new AppError(
        'file_missing',
        `The folder ${shown(name)} cannot be looked into: ${String(code)}. Choose another.`,
        { path },
      )
  }
}

const shown = (name: string): string => (name.length > 100 ? `${name.slice(0, 100).toWellFormed()}…` : name)

import type { Dirent } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { AppError } from '../../contract/errors.ts'
import type { FoundProblem } from '../../contract/imports.ts'
import { readableName } from './entry-name.ts'
import { passedOver } from './passed-over.ts'

/** A file somewhere in a folder. */
export interface ListedFile {
  readonly path: string
  /** Relative to the folder, with `/`. */
  readonly name: string
}

const mostFiles = 10_000
/** Of files, folders and all else that is looked at. */
const mostNames = 100_000
const deepest = 32

/**
 * The files of a folder and those below it, in the order in which a person would count them (`page 2` before
 * `page 10`). Links are not followed; what is hidden or belongs to programs is passed over.
 *
 * @throws AppError `file_too_large` (more than 10,000 files), `cancelled`
 */
export async function listFolder(
  root: string,
  signal: AbortSignal,
): Promise<{ readonly files: readonly ListedFile[]; readonly skipped: readonly FoundProblem[] }> {
  const files: ListedFile[] = []
  const skipped: FoundProblem[] = []
  const waiting: (readonly string[])[] = [[]]
  let looked = 0
  for (let parts = waiting.pop(); parts; parts = waiting.pop()) {
    if (signal.aborted) throw new AppError('cancelled', 'Looking through the folder was cancelled.')
    const entries = await entriesOf(join(root, ...parts))
    if (typeof entries === 'string') {
      skipped.push({ kind: 'file_unreadable', where: shownName(parts), message: entries })
      continue
    }
    looked += entries.length
    if (looked > mostNames) throw tooMany(root, mostNames)
    for (const entry of entries) {
      const inner = [...parts, entry.name]
      const found = problemWith(entry, inner)
      if (found) skipped.push({ ...found, where: shownName(inner) })
      else if (entry.isDirectory()) waiting.push(inner)
      else if (files.push({ path: join(root, ...inner), name: inner.join('/') }) > mostFiles)
        throw tooMany(root, mostFiles)
    }
  }
  return { files: files.sort((a, b) => compareNames(a.name, b.name)), skipped }
}

const order = new Intl.Collator('en', { numeric: true })

/** Orders names folder by folder, numbers by their value. */
export function compareNames(a: string, b: string): number {
  const [these, those] = [a.split('/'), b.split('/')]
  for (let i = 0; i < Math.min(these.length, those.length); i++) {
    const difference = order.compare(these[i] ?? '', those[i] ?? '')
    if (difference !== 0) return difference
  }
  return these.length - those.length || (a < b ? -1 : a > b ? 1 : 0)
}

function problemWith(entry: Dirent, parts: readonly string[]): Omit<FoundProblem, 'where'> | null {
  const reason = passedOver(entry.name)
  if (reason !== null) return { kind: 'file_hidden', message: reason }
  if (entry.isSymbolicLink())
    return {
      kind: 'file_link',
      message: 'It is a link, which is not followed. Choose the file that it leads to.',
    }
  if (!entry.isDirectory() && !entry.isFile())
    return { kind: 'file_refused', message: 'It is no file but a device, a pipe or a socket.' }
  if (entry.isDirectory() && parts.length >= deepest)
    return {
      kind: 'file_refused',
      message: `It lies more than ${deepest} folders deep. Choose this folder itself.`,
    }
  return null
}

async function entriesOf(folder: string): Promise<readonly Dirent[] | string> {
  try {
    return await readdir(folder, { withFileTypes: true })
  } catch (thrown) {
    const said = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : String(thrown)
    return `This folder cannot be looked into (${said}). Check its permissions.`
  }
}

function shownName(parts: readonly string[]): string {
  return readableName(parts.join('/'))
}

function tooMany(root: string, most: number): AppError {
  return new AppError(
    'file_too_large',
    `${basename(root)} holds more than ${most.toLocaleString('en')} files. Choose a folder inside it, or put what is wanted into one file.`,
    { path: root },
  )
}

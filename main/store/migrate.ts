import { open, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { AppError } from '../contract/errors.ts'
import type { Connection } from './connection.ts'
import { asStoreError, storeDamaged } from './store-errors.ts'

const magic = 'SQLite format 3\0'
/** Where a SQLite file's header keeps `user_version`, and how long the header is. */
const versionAt = 60
const headerBytes = 100

/**
 * Looks at a store's file before anything opens it: opening alone may write to it. A file that is not there, or
 * empty, is a store yet to be made.
 *
 * @throws AppError `store_damaged` where it is no SQLite file, `store_newer`.
 */
export async function checkStoreFile(path: string, known: number): Promise<void> {
  const file = await open(path, 'r').catch(() => null)
  if (!file) return
  try {
    const header = Buffer.alloc(headerBytes)
    const { bytesRead } = await file.read(header, 0, headerBytes, 0)
    if (bytesRead === 0) return
    if (bytesRead < headerBytes || header.toString('latin1', 0, magic.length) !== magic)
      throw storeDamaged(path)
    requireKnown(header.readUInt32BE(versionAt), { path, known })
  } finally {
    await file.close()
  }
}

/**
 * Brings a store to the newest form, one migration after the other, each whole or not at all. A store that holds
 * something is first copied beside itself, as `store.before-<new version>.sqlite`.
 *
 * @param migrations the first makes version 1 of an empty store, the second version 2 of version 1, …
 * @throws AppError `store_newer`, `store_damaged` where a migration does not go through; SQLite's errors.
 */
export async function migrate(
  writer: Connection,
  path: string,
  migrations: readonly string[],
): Promise<void> {
  const row = await writer.get<{ user_version: number }>('PRAGMA user_version')
  const version = row?.user_version ?? 0
  requireKnown(version, { path, known: migrations.length })
  if (version === migrations.length) return
  if (version > 0) await backUp(writer, join(dirname(path), `store.before-${migrations.length}.sqlite`))
  for (const [number, sql] of migrations.entries()) {
    if (number < version) continue
    await writer
      .execute(`BEGIN IMMEDIATE;\n${sql}\nPRAGMA user_version = ${number + 1};\nCOMMIT;`)
      .catch(async (thrown: unknown) => {
        const known = await asStoreError(thrown, path)
        throw known instanceof AppError ? known : notBrought(path, number + 1, thrown)
      })
  }
}

function requireKnown(version: number, { path, known }: { path: string; known: number }): void {
  if (version <= known) return
  throw new AppError(
    'store_newer',
    `${path} was made by a newer version of Loracle (its form is ${version}, this version knows ${known}). Update Loracle, or choose another folder with --home; nothing was changed.`,
    { version, known },
  )
}

async function backUp(writer: Connection, copy: string): Promise<void> {
  const half = `${copy}.part`
  await rm(half, { force: true })
  try {
    await writer.execute(`VACUUM INTO '${half.replaceAll("'", "''")}'`)
    await rename(half, copy)
  } catch (thrown) {
    await rm(half, { force: true })
    throw thrown
  }
}

function notBrought(path: string, version: number, thrown: unknown): AppError {
  const said = thrown instanceof Error ? thrown.message : String(thrown)
  return new AppError(
    'store_damaged',
    `${path} could not be brought to the form of this version: ${said}. It is as it was; go on with the version of Loracle that it was used with, or put it aside (rename it) and start again.`,
    { path, version },
  )
}

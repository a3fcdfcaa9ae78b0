import { readFile, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { connect } from '../store/connection.ts'
import type { Connection } from '../store/connection.ts'
import { codeOf } from '../store/store-errors.ts'
import { leftoversOf, newestVersionIn } from '../store/store-file.ts'
import { mirrorPaths, readManifest, readMirrorSequence } from './layout.ts'
import { readSequence } from './touched.ts'

/** Why a store has to be made anew; `whole` where it has not. */
export type Verdict =
  { readonly kind: 'whole' } | { readonly kind: 'damaged' | 'missing' | 'older'; readonly reason: string }

const whole: Verdict = { kind: 'whole' }
/** Stores up to here are looked through at every start: it takes a tenth of a second at most. */
const alwaysChecked = 32 * 1024 * 1024

/**
 * Looks whether a home's store can be used. Small stores, and those whose file has changed since it was closed, are
 * looked through page by page (`PRAGMA quick_check`); of others the header and the list of projects are read.
 *
 * @param known the newest form of the store that this version knows; newer ones are left alone
 */
export async function judgeStore(home: string, known: number): Promise<Verdict> {
  const paths = mirrorPaths(home)
  const manifests = await mirroredProjects(home)
  const size = (await stat(paths.store).catch(() => null))?.size ?? null
  if (size === null || size === 0)
    return manifests.size > 0
      ? { kind: 'missing', reason: size === null ? 'it is not there any more' : 'its file is empty' }
      : whole
  const header = await newestVersionIn(paths.store).catch(() => null)
  if (header === null) return { kind: 'damaged', reason: 'it is not a SQLite file' }
  if (header > known) return whole
  let db: Connection | null = null
  try {
    db = await connect(paths.store, 'read')
    await db.execute('PRAGMA cell_size_check = ON')
    const found = await db.get<{ form: number }>(`SELECT user_version AS form FROM pragma_user_version`)
    if ((found?.form ?? 0) === 0)
      return manifests.size > 0 ? { kind: 'missing', reason: 'it holds nothing' } : whole
    if ((found?.form ?? 0) > known) return whole
    const isSuspect = (await stat(paths.suspect).catch(() => null)) !== null
    // What a process left that did not end in order is looked through by whoever opens the store.
    const isLookedThrough = (await leftoversOf(paths.store)).length > 0
    if (isSuspect || (!isLookedThrough && (size <= alwaysChecked || !(await wasClosed(home))))) {
      const said = await db.all<Record<string, string>>(
        isSuspect ? 'PRAGMA integrity_check(1)' : 'PRAGMA quick_check(1)',
      )
      const first = Object.values(said[0] ?? {})[0] ?? ''
      if (first !== 'ok') return { kind: 'damaged', reason: oneLine(first) }
      if (isSuspect) await rm(paths.suspect, { force: true })
    }
    if ((await readSequence(db)) < (await readMirrorSequence(home)))
      return { kind: 'older', reason: 'its last changes are gone, which the folders beside it have' }
    return await compareWithMirror(db, manifests)
  } catch (thrown) {
    if (isDamage(thrown)) return { kind: 'damaged', reason: oneLine(String((thrown as Error).message)) }
    // What cannot be opened for another reason (no permission, a full disk) is told by whoever opens it.
    return whole
  } finally {
    await db?.close().catch(() => undefined)
  }
}

/** A store that lost its last changes (its log is gone, or an old copy was put in its place) is older than its mirror. */
async function compareWithMirror(db: Connection, manifests: ReadonlyMap<string, number>): Promise<Verdict> {
  const rows = await db.all<{ id: string; version: number }>(
    'SELECT id, data_version AS version FROM project',
  )
  const versions = new Map(rows.map(({ id, version }) => [id, version]))
  const removed = new Set(
    (await db.all<{ key: string }>(`SELECT key FROM kept WHERE key LIKE 'project was deleted: %'`)).map(
      ({ key }) => key.slice('project was deleted: '.length),
    ),
  )
  for (const [id, version] of manifests) {
    const there = versions.get(id)
    if (removed.has(id) || (there !== undefined && there >= version)) continue
    const reason = 'projects in the folders beside it are newer than what it holds'
    return { kind: 'older', reason }
  }
  return whole
}

/** Projects that lie in the home folder, with the version of their data. */
export async function mirroredProjects(home: string): Promise<ReadonlyMap<string, number>> {
  const paths = mirrorPaths(home)
  const found = new Map<string, number>()
  for (const id of await readdir(paths.projects).catch(() => [])) {
    const manifest = await readManifest(paths.manifest(id))
    // A copy under another name is no project of this home.
    if (manifest?.project['id'] === id) found.set(id, manifest.dataVersion)
  }
  return found
}

/** Notes what the store's file looks like after it was closed in order. */
export async function noteClosed(home: string): Promise<void> {
  const paths = mirrorPaths(home)
  const found = await stat(paths.store)
  await writeFile(paths.closed, JSON.stringify({ size: found.size, mtimeMs: found.mtimeMs }))
}

/** True where nothing has changed the store's file since it was closed in order. */
async function wasClosed(home: string): Promise<boolean> {
  const paths = mirrorPaths(home)
  try {
    const found = await stat(paths.store)
    const noted = JSON.parse(await readFile(paths.closed, 'utf8')) as Record<string, unknown>
    return noted['size'] === found.size && noted['mtimeMs'] === found.mtimeMs
  } catch {
    return false
  }
}

export function isDamage(thrown: unknown): boolean {
  return ['SQLITE_CORRUPT', 'SQLITE_NOTADB'].includes(codeOf(thrown))
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').slice(0, 200)
}

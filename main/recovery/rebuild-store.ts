import { randomUUID } from 'node:crypto'
import { readdir, rename, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { AppError } from '../contract/errors.ts'
import { connect } from '../store/connection.ts'
import type { Connection } from '../store/connection.ts'
import { migrations as allMigrations } from '../store/migrations.ts'
import { asStoreError } from '../store/store-errors.ts'
import { mirroredProjects } from './judge-store.ts'
import type { Verdict } from './judge-store.ts'
import { mirrorPaths, projectFiles, readManifest, readMirrorSequence } from './layout.ts'
import type { Manifest } from './layout.ts'
import { mendReferences } from './mend-references.ts'
import { formOfFile, insertLines, restoreFile } from './read-rows.ts'
import type { Restored } from './read-rows.ts'
import { rebuildSentence } from './rebuild-sentence.ts'
import { readDamaged } from './salvage.ts'
import { markMade, putInPlace, rebuildPaths, removeUnfinished, stampOf } from './set-aside.ts'
import { setSequence } from './touched.ts'

/** Something to put into the store when it has the form that it fits. */
interface Step {
  readonly form: number
  restore(db: Connection): Promise<void>
}

/** What a rebuild tells the person, and what it stands on. */
export interface Rebuilt {
  readonly sentence: string
  readonly setAside: string | null
  readonly counts: Readonly<Record<string, number>>
  readonly unreadable: number
}

/**
 * Makes a home's store anew from the folders beside it and what can be read of the old one, which is then set aside,
 * never removed. The old store keeps its place until the new one is whole: killed at any point, or the disk being
 * full, the next start does it again.
 *
 * @throws AppError `disk_full`, `write_failed`; `store_newer` where the folders were written by a newer version.
 */
export async function rebuildStore(
  home: string,
  verdict: Exclude<Verdict, { readonly kind: 'whole' }>,
  {
    migrations = allMigrations,
    now = Date.now(),
  }: { readonly migrations?: readonly string[]; readonly now?: number } = {},
): Promise<Rebuilt> {
  const { making } = rebuildPaths(home)
  const stamp = stampOf(now)
  await removeUnfinished(home)
  const restored: Restored = { rows: {}, unreadable: 0, spoilt: [] }
  const db = await connect(making, 'write').catch(async (thrown: unknown) => {
    throw await asStoreError(thrown, making)
  })
  let rebuilt: Rebuilt
  let missing: readonly string[] = []
  try {
    // Until it is whole nobody reads it, and a rebuild that is cut off begins anew: nothing need be undone.
    await db.execute('PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA foreign_keys = OFF;')
    await db.execute('PRAGMA cache_size = -128000; PRAGMA locking_mode = EXCLUSIVE;')
    const steps = [...(await mirrorSteps(home, restored)), ...(await readDamaged(home, { restored, now }))]
    if (steps.some(({ form }) => form > migrations.length)) throw newerFolders(home, migrations.length)
    let form = 0
    for (const step of steps.toSorted((a, b) => a.form - b.form)) {
      form = await bring(db, { migrations, from: form, to: step.form })
      await step.restore(db)
    }
    await bring(db, { migrations, from: form, to: migrations.length })
    await mendReferences(db)
    rebuilt = await describe(db, home, { verdict, restored, stamp })
    await addNotice(db, rebuilt, now)
    missing = await projectsNotBack(db, home)
    await setSequence(db, (await readMirrorSequence(home)) + 1)
    const [check] = await db.all<{ quick_check: string }>('PRAGMA quick_check(1)')
    if (check?.quick_check !== 'ok')
      throw new AppError('write_failed', `${making} could not be written whole: ${check?.quick_check ?? ''}.`)
    await db.close()
  } catch (thrown) {
    await db.close().catch(() => undefined)
    await removeUnfinished(home)
    throw await asStoreError(thrown, making)
  }
  await markMade(home, stamp)
  await putInPlace(home)
  // What could not be read whole is kept under another name: the mirror writes its own files anew.
  for (const path of [...restored.spoilt, ...missing])
    await rename(path, `${path}.damaged`).catch(() => undefined)
  return rebuilt
}

/** The manifests of projects that did not come back; the next start must not look for them again. */
async function projectsNotBack(db: Connection, home: string): Promise<readonly string[]> {
  const rows = await db.all<{ id: string }>('SELECT id FROM project')
  const back = new Set(rows.map(({ id }) => id))
  return [...(await mirroredProjects(home)).keys()]
    .filter((id) => !back.has(id))
    .map((id) => mirrorPaths(home).manifest(id))
}

/** What the home's folders hold, in the order in which it is put into a store of its form. */
async function mirrorSteps(home: string, restored: Restored): Promise<Step[]> {
  const paths = mirrorPaths(home)
  const steps: Step[] = []
  const addFile = async (path: string): Promise<void> => {
    const form = await formOfFile(path)
    if (form !== null) steps.push({ form, restore: (db) => restoreFile(db, path, restored) })
    else if (await stat(path).catch(() => null)) restored.unreadable++
  }
  await addFile(paths.library)
  for (const id of await readdir(paths.projects).catch(() => [])) {
    const manifest = await readManifest(paths.manifest(id))
    if (manifest?.project['id'] !== id) {
      if (await stat(paths.manifest(id)).catch(() => null)) restored.unreadable++
      continue
    }
    steps.push({ form: manifest.form, restore: (db) => restoreProject(db, manifest, restored) })
    for (const { file } of manifest.sources) await addFile(join(paths.dataset(id), basename(file)))
    await addFile(join(paths.dataset(id), basename(manifest.splits)))
    for (const file of projectFiles) await addFile(paths.projectFile(id, file))
    for (const folder of await runFolders(paths.project(id), manifest)) await addFile(paths.run(folder))
  }
  return steps
}

async function restoreProject(db: Connection, manifest: Manifest, restored: Restored): Promise<void> {
  const { project, model, sources } = manifest
  const insert = (table: string, row: object) =>
    insertLines(db, { table, lines: [JSON.stringify(row)], restored })
  if (model) await insert('model', model)
  const wanted = String(project['name'])
  let name = wanted
  for (let number = 2; await db.get('SELECT 1 FROM project WHERE name = ?', name); number++)
    name = `${wanted} ${number}`
  await insert('project', { ...project, name })
  for (const { row } of sources) await insert('source', { ...row, ready: 1 })
}

/** The run folders that a manifest names, and those of the project's folder that it does not know yet. */
async function runFolders(project: string, manifest: Manifest): Promise<readonly string[]> {
  const found = new Set(manifest.runs.map(({ folder }) => folder))
  const within = async (path: string): Promise<string[]> =>
    (await readdir(path, { withFileTypes: true }).catch(() => []))
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => join(path, name))
  for (const folder of await within(join(project, 'runs'))) found.add(folder)
  for (const search of await within(join(project, 'searches')))
    for (const folder of await within(search)) {
      found.add(folder)
      for (const deeper of await within(folder)) found.add(deeper)
    }
  return [...found]
}

/** Runs the migrations from one form of the store to another; returns where it is. */
async function bring(
  db: Connection,
  {
    migrations,
    from,
    to,
  }: { readonly migrations: readonly string[]; readonly from: number; readonly to: number },
): Promise<number> {
  for (const [number, sql] of migrations.entries())
    if (number >= from && number < to)
      await db.execute(`BEGIN;\n${sql}\nPRAGMA user_version = ${number + 1};\nCOMMIT;`)
  return Math.max(from, to)
}

const counted = ['project', 'example', 'passage', 'run', 'chat', 'search', 'model'] as const

async function describe(
  db: Connection,
  home: string,
  {
    verdict,
    restored,
    stamp,
  }: { readonly verdict: Verdict; readonly restored: Restored; readonly stamp: string },
): Promise<Rebuilt> {
  const counts: Record<string, number> = {}
  for (const table of counted)
    counts[table] = (await db.get<{ count: number }>(`SELECT count(*) AS count FROM ${table}`))?.count ?? 0
  const old = await stat(mirrorPaths(home).store).catch(() => null)
  const setAside = old === null ? null : basename(rebuildPaths(home).aside(stamp))
  const reason = verdict.kind === 'whole' ? '' : verdict.reason
  const { unreadable } = restored
  const sentence = rebuildSentence({ reason, setAside, counts, unreadable })
  return { sentence, setAside, counts, unreadable }
}

async function addNotice(db: Connection, { sentence, setAside, counts }: Rebuilt, at: number): Promise<void> {
  const error = { code: 'store_damaged', message: sentence, details: { setAside, counts } }
  const row = [randomUUID(), at, JSON.stringify(error)] as const
  await db.run('INSERT INTO notice (id, at, error) VALUES (?, ?, ?)', ...row)
}

function newerFolders(home: string, known: number): AppError {
  return new AppError(
    'store_newer',
    `The folders in ${home} were written by a newer version of Loracle (this version knows form ${known}), and the store has to be made anew from them. Update Loracle; nothing was changed.`,
    { known },
  )
}

import { readdir, rm, rmdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Reader } from '../store/connection.ts'
import { makeFolder, removeFolder } from '../store/files.ts'
import { mirrorPaths, projectFiles, projectParts, readManifest, runParts, sourceParts } from './layout.ts'
import type { Manifest, ProjectFile, RowValues } from './layout.ts'
import { columnsOf, rowText } from './row-text.ts'
import { writeAtomically, writePieces, writeRows } from './write-rows.ts'

/** What of a project has changed since its mirror was written; all of it where nobody knows, as at a start. */
export interface Stale {
  readonly all: boolean
  readonly sources: ReadonlySet<string>
  readonly splits: boolean
  readonly files: ReadonlySet<ProjectFile>
  readonly runs: ReadonlySet<string>
}

export interface ProjectMirror {
  readonly home: string
  /** A connection in a transaction, so that all that is read is of one moment. */
  readonly reader: Reader
  readonly form: number
  readonly signal: AbortSignal
}

type Source = Manifest['sources'][number]

/**
 * Brings the mirror of a project up to date: what is stale is written beside what is there, and `project.json`, which
 * names the files that count, is replaced last. Ended at any point, the mirror is the old one or the new one. Nothing
 * is written for a project that is gone, and false returned.
 */
export async function writeProject(mirror: ProjectMirror, projectId: string, stale: Stale): Promise<boolean> {
  const { reader, home, form } = mirror
  const paths = mirrorPaths(home)
  const project = await readRow(reader, 'project', { where: 'id = ?1', scope: projectId })
  if (!project) return false
  const before = await readManifest(paths.manifest(projectId))
  const dataVersion = Number(project['data_version'])
  const old = before?.form === form ? before : null
  const isCurrent = old !== null && (!stale.all || old.dataVersion === dataVersion)
  await makeFolder(paths.dataset(projectId))

  const sources = await writeSources(mirror, projectId, (source, mark) => {
    const known = isCurrent ? old.sources.find(({ row }) => row['id'] === source) : undefined
    return known?.mark === mark && !stale.sources.has(source) ? known : undefined
  })
  const isSame =
    isCurrent && !stale.splits && old.dataVersion === dataVersion && (await isThere(home, projectId, old))
  const splits = isSame ? old.splits : await writeSplits(mirror, projectId)
  const files: Record<string, string> = {}
  for (const file of projectFiles) {
    const digest = old?.files[file]
    const path = paths.projectFile(projectId, file)
    const isStale = stale.all || stale.files.has(file) || digest === undefined
    if (!isStale) files[file] = digest
    else {
      const there = digest !== undefined && (await isFile(path)) ? digest : undefined
      const rows = { ...mirror, parts: projectParts[file], scope: projectId }
      files[file] = (await writeRows(path, rows, there)).digest
    }
  }
  const runs = await writeRuns(mirror, projectId, { known: old?.runs ?? [], stale })
  const modelId = project['model_id'] ?? null
  const model =
    modelId === null ? null : await readRow(reader, 'model', { where: 'id = ?1', scope: String(modelId) })
  const manifest: Manifest = { form, dataVersion, project, model, sources, splits, files, runs }
  if (JSON.stringify(manifest) !== JSON.stringify(before)) {
    await writeAtomically(paths.manifest(projectId), `${JSON.stringify(manifest, null, 2)}\n`)
    await removeOthers(paths.dataset(projectId), new Set([splits, ...sources.map(({ file }) => file)]))
  }
  return true
}

/** Removes the mirror of a project; other things in its folder stay. */
export async function removeProject(home: string, projectId: string): Promise<void> {
  const paths = mirrorPaths(home)
  await rm(paths.manifest(projectId), { force: true })
  await removeFolder(paths.dataset(projectId))
  for (const file of projectFiles) await rm(paths.projectFile(projectId, file), { force: true })
  await rmdir(paths.project(projectId)).catch(() => undefined)
}

/** Writes each source that `reuse` has no file for. */
async function writeSources(
  mirror: ProjectMirror,
  projectId: string,
  reuse: (sourceId: string, mark: string) => Source | undefined,
): Promise<Source[]> {
  const { reader, home } = mirror
  const folder = mirrorPaths(home).dataset(projectId)
  const rows = await readRows(reader, 'source', {
    where: 'project_id = ?1 AND ready = 1 ORDER BY imported_at, rowid',
    scope: projectId,
  })
  const sources: Source[] = []
  for (const row of rows) {
    const id = String(row['id'])
    const mark = await markOf(reader, id)
    const known = reuse(id, mark)
    if (known && (await isFile(join(folder, known.file)))) {
      sources.push({ ...known, row })
      continue
    }
    const file = await freeName(folder, id)
    const written = await writeRows(join(folder, file), { ...mirror, parts: sourceParts, scope: id })
    sources.push({ file, mark, rows: { ...written.rows }, row })
  }
  return sources
}

/** Changes whenever rows of a source are added or removed, or problems change their state; indices alone are read. */
async function markOf(reader: Reader, sourceId: string): Promise<string> {
  const found = await reader.get<{ mark: string }>(
    `SELECT json_array(
       (SELECT max(id) FROM example WHERE source_id = ?1), (SELECT count(*) FROM example WHERE source_id = ?1),
       (SELECT max(id) FROM passage WHERE source_id = ?1), (SELECT count(*) FROM passage WHERE source_id = ?1),
       (SELECT count(*) FROM shared_passage WHERE source_id = ?1),
       (SELECT max(id) FROM problem WHERE source_id = ?1),
       (SELECT group_concat(status || count, ' ') FROM
         (SELECT status, count(*) AS count FROM problem WHERE source_id = ?1 GROUP BY status))) AS mark`,
    sourceId,
  )
  return found?.mark ?? ''
}

const splitsPerLine = 20_000

/** Which split each example is in, in the order of their ids: a digit each, for 1 train, 2 validation, 3 test. */
async function writeSplits(
  { reader, home, form, signal }: ProjectMirror,
  projectId: string,
): Promise<string> {
  const folder = mirrorPaths(home).dataset(projectId)
  const file = await freeName(folder, 'splits')
  await writePieces(join(folder, file), async function* () {
    yield `${JSON.stringify({ table: 'example', form, splits: ['train', 'validation', 'test'] })}\n`
    for (let last = -1; ;) {
      signal.throwIfAborted()
      const page = await reader.get<{ first: number; last: number; count: number; digits: string | null }>(
        `SELECT min(id) AS first, max(id) AS last, count(*) AS count, group_concat(digit, '') AS digits FROM
          (SELECT id, CASE split WHEN 'train' THEN 1 WHEN 'validation' THEN 2 ELSE 3 END AS digit FROM example
            WHERE project_id = ?1 AND id > ?2
              AND source_id NOT IN (SELECT id FROM source WHERE project_id = ?1 AND ready = 0)
            ORDER BY id LIMIT ${splitsPerLine})`,
        projectId,
        last,
      )
      if (!page?.digits) return
      const { first, digits } = page
      last = page.last
      yield `${JSON.stringify({ first, last, digits })}\n`
      if (page.count < splitsPerLine) return
    }
  })
  return file
}

/** Puts into the folder of each run what the store alone knows of it. A folder that is gone stays so. */
async function writeRuns(
  mirror: ProjectMirror,
  projectId: string,
  { known, stale }: { readonly known: Manifest['runs']; readonly stale: Stale },
): Promise<Manifest['runs']> {
  const { reader, home } = mirror
  const rows = await reader.all<Manifest['runs'][number]>(
    `SELECT id, folder, json_array(status, name, step, checkpoint_step, queued_at, started_at, ended_at, outcome,
         (SELECT max(id) FROM run_log WHERE run_id = run.id),
         (SELECT count(*) FROM comparison WHERE run_id = run.id)) AS mark
       FROM run WHERE project_id = ?1 ORDER BY created_at, rowid`,
    projectId,
  )
  for (const { id, folder, mark } of rows) {
    const path = mirrorPaths(home).run(folder)
    const isKnown = known.some((one) => one.id === id && one.mark === mark && one.folder === folder)
    if (isKnown && !stale.runs.has(id) && (!stale.all || (await isFile(path)))) continue
    if (!(await stat(folder).catch(() => null))?.isDirectory()) continue
    await writeRows(path, { ...mirror, parts: runParts, scope: id }).catch(async (thrown: unknown) => {
      // Discarded meanwhile.
      if ((await stat(folder).catch(() => null))?.isDirectory()) throw thrown
    })
  }
  return [...rows]
}

interface RowsOf {
  readonly where: string
  readonly scope: string
}

async function readRow(reader: Reader, table: string, of: RowsOf): Promise<RowValues | null> {
  return (await readRows(reader, table, of))[0] ?? null
}

async function readRows(reader: Reader, table: string, { where, scope }: RowsOf): Promise<RowValues[]> {
  const text = rowText(await columnsOf(reader, table))
  const rows = await reader.all<{ text: string }>(
    `SELECT ${text} AS text FROM ${table} WHERE ${where}`,
    scope,
  )
  return rows.map((row) => JSON.parse(row.text) as RowValues)
}

/** `<stem>-<n>.jsonl.gz` with a number that no file has: files that count are never written over. */
async function freeName(folder: string, stem: string): Promise<string> {
  for (let number = 1; ; number++) {
    const name = `${stem}-${number}.jsonl.gz`
    if (!(await isFile(join(folder, name)))) return name
  }
}

/** Removes files that this mirror has made and that count no longer; what a person put there stays. */
async function removeOthers(folder: string, counting: ReadonlySet<string>): Promise<void> {
  for (const name of await readdir(folder).catch(() => []))
    if (/-\d+\.jsonl\.gz(?:\.tmp)?$/.test(name) && !counting.has(name))
      await rm(join(folder, name), { force: true })
}

async function isThere(home: string, projectId: string, { splits }: Manifest): Promise<boolean> {
  return isFile(join(mirrorPaths(home).dataset(projectId), splits))
}

async function isFile(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null))?.isFile() ?? false
}

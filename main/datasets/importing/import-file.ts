import { randomUUID } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { AppError } from '../../contract/errors.ts'
import type { Source } from '../../contract/datasets.ts'
import type { Chunking, ImportProgress, ImportRequest, Mapping } from '../../contract/imports.ts'
import type { CallContext } from '../../contract/methods.ts'
import type { Store } from '../../store/open.ts'
import { assignSplits } from '../splits/assign-splits.ts'
import { insertBatch } from './insert-batch.ts'
import type { Owner } from './insert-batch.ts'
import { openReading } from '../reading/read-file.ts'
import type { FileReading } from '../reading/read-file.ts'
import type { ImportedAs } from './open-import.ts'
import { explained } from '../mending/problem-kinds.ts'
import { markChanged, projectMissing, publishData, requireProject, resolveFile } from '../project-data.ts'
import type { DataParts } from '../project-data.ts'
import { removeSourceRows } from '../remove-source.ts'
import { readSources } from '../sources.ts'

/** Milliseconds between two reports of the progress. */
const reportEvery = 100

/**
 * Reads a file into a project, all or nothing. Its rows are written in batches under a source that is out of
 * sight, which the last transaction brings to light; whatever ends the import before removes them again.
 *
 * @throws AppError `project_missing`, `mapping_incomplete`, `data_empty` (nothing usable, or nothing new),
 * `file_invalid` (changed while it was read), `file_missing`, `cancelled`, and what the readers throw.
 */
export async function importFile(
  deps: DataParts,
  request: ImportRequest,
  { emit, signal }: CallContext<ImportProgress>,
): Promise<Source> {
  const { store, changes } = deps
  const { projectId, use } = request
  await requireProject(store, projectId)
  const { path, name: uploadName } = await resolveFile(request.file, deps)
  const name = sourceName(request.name ?? uploadName ?? basename(path))
  const file = await watchFile(path)
  const { mapping, table = null, chunking = null } = request
  const tokenizer = await deps.modelFolderOf(projectId)
  const opened = await openReading({ path, name, mapping, table, chunking, tokenizer, use }, signal)
  const others = await store.get('SELECT 1 FROM example WHERE project_id = ? LIMIT 1', projectId)
  const owner = { projectId, sourceId: randomUUID(), isAlone: others === null }
  try {
    await addHiddenSource(store, owner, { ...opened, name, bytes: file.bytes, use, chunking })
    const rows = await writeBatches(store, owner, opened, { emit, signal, file })
    if (signal.aborted) throw cancelled(name)
    await file.requireUnchanged()
    await store.transaction(async (writer) => {
      await requireProject(writer, projectId)
      const found = await writer.get<{ passages: number; examples: number; mendable: number }>(
        `SELECT (SELECT count(*) FROM passage WHERE source_id = ?1) AS passages,
           (SELECT count(*) FROM example WHERE source_id = ?1) AS examples,
           (SELECT count(*) FROM problem WHERE source_id = ?1 AND proposal IS NOT NULL) AS mendable`,
        owner.sourceId,
      )
      if (!found || found.passages + found.examples + found.mendable === 0)
        throw await nothingUsable(store, owner, name, opened)
      await writer.run(
        'UPDATE source SET ready = 1, rows = ?, imported_at = ? WHERE id = ?',
        rows,
        Date.now(),
        owner.sourceId,
      )
      await assignSplits(writer, projectId)
      await markChanged(writer, projectId)
    })
  } catch (thrown) {
    // What cannot be removed now (a full disk) stays out of sight and is swept at the next start.
    await removeSourceRows(store, owner.sourceId).catch(() => undefined)
    const isThere = await store.get('SELECT id FROM project WHERE id = ?', projectId)
    throw isThere ? thrown : projectMissing(projectId)
  } finally {
    await opened.close()
  }
  deps.textIndex.catchUp()
  publishData(changes, projectId)
  const [source] = await readSources(store, projectId, owner.sourceId)
  if (!source) throw projectMissing(projectId)
  return source
}

interface WriteOptions extends CallContext<ImportProgress> {
  readonly file: WatchedFile
}

/** Writes one batch while the next one is read. @returns the number of rows read */
async function writeBatches(
  store: Store,
  owner: Owner,
  { batches }: FileReading,
  { emit, signal, file }: WriteOptions,
): Promise<number> {
  const progress = { bytesDone: 0, bytesTotal: file.bytes, rows: 0, examples: 0, passages: 0 }
  let reportedAt = 0
  let writing: Promise<void> = Promise.resolve()
  try {
    for await (const batch of batches) {
      await writing
      if (signal.aborted) throw cancelled(basename(file.path))
      writing = store
        .transaction((writer) => insertBatch(writer, owner, batch))
        .then((added) => {
          progress.examples += added.examples
          progress.passages += added.passages
        })
      // Looked at again when it is awaited; until then a failure must not count as unheard.
      writing.catch(() => undefined)
      progress.rows = batch.rows
      progress.bytesDone = Math.min(batch.bytes, file.bytes)
      if (performance.now() - reportedAt < reportEvery) continue
      reportedAt = performance.now()
      emit({ ...progress })
      await file.requireUnchanged()
    }
  } finally {
    await writing
  }
  emit({ ...progress, bytesDone: file.bytes })
  return progress.rows
}

interface HiddenSource extends ImportedAs {
  readonly name: string
  readonly bytes: number
  readonly chunking: Chunking | null
  readonly use: ImportRequest['use']
}

async function addHiddenSource(
  store: Store,
  { projectId, sourceId }: Owner,
  source: HiddenSource,
): Promise<void> {
  await store.transaction(async (writer) => {
    await requireProject(writer, projectId)
    await writer.run(
      `INSERT INTO source
         (id, project_id, name, kind, format, bytes, part, mapping, chunking, use, imported_at, ready)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)`,
      sourceId,
      projectId,
      source.name,
      source.kind,
      source.format,
      source.bytes,
      source.table,
      source.mapping === null ? null : JSON.stringify(source.mapping satisfies Mapping),
      source.chunking === null ? null : JSON.stringify(source.chunking satisfies Chunking),
      source.use,
      Date.now(),
    )
  })
}

interface WatchedFile {
  readonly path: string
  readonly bytes: number
  /** @throws AppError `file_missing` or `file_invalid` where the file is not what it was at the start. */
  requireUnchanged(): Promise<void>
}

async function watchFile(path: string): Promise<WatchedFile> {
  const look = async () => {
    const info = await stat(path).catch(() => null)
    if (info) return info
    throw new AppError(
      'file_missing',
      `${path} does not exist any more, or cannot be read. Nothing of it was taken; put it back and try again.`,
      { path },
    )
  }
  const start = await look()
  return {
    path,
    bytes: start.size,
    requireUnchanged: async () => {
      const now = await look()
      if (now.size === start.size && now.mtimeMs === start.mtimeMs && now.ino === start.ino) return
      throw new AppError(
        'file_invalid',
        `${basename(path)} was changed by another program while it was read. Nothing of it was taken; try again when it is written.`,
        { path },
      )
    },
  }
}

async function nothingUsable(
  store: Store,
  { sourceId }: Owner,
  name: string,
  { kind, format }: ImportedAs,
): Promise<AppError> {
  if (kind === 'documents') {
    return new AppError(
      'data_empty',
      `${name} brings nothing new: it holds no text, or the project has every passage of it already. Choose another file.`,
      { name },
    )
  }
  const counts = await store.all<{ kind: string; count: number }>(
    `SELECT kind, count(*) AS count FROM problem WHERE source_id = ? AND status = 'rejected'
     GROUP BY kind ORDER BY count DESC`,
    sourceId,
  )
  const first = await store.get<{ place: string; message: string }>(
    "SELECT place, message FROM problem WHERE source_id = ? AND status = 'rejected' ORDER BY id LIMIT 1",
    sourceId,
  )
  if (!first) return new AppError('data_empty', `${name} holds no rows. Choose another file.`, { name })
  const list = counts.map(({ kind: problem, count }) => `${explained(problem).title}: ${count}`).join('; ')
  const wayOut =
    format === 'squad'
      ? 'Mend the file, or choose another one.'
      : 'Check which column plays which role, or mend the file.'
  return new AppError(
    'data_empty',
    `No row of ${name} can be used (${list}). The first: ${first.place}: ${first.message} ${wayOut}`,
    { name },
  )
}

function sourceName(given: string): string {
  return given.toWellFormed().normalize('NFC').trim().slice(0, 200) || 'Unnamed'
}

function cancelled(name: string): AppError {
  return new AppError('cancelled', `The import of ${name} was cancelled; nothing of it was kept.`)
}

import { AppError } from '../contract/errors.ts'
import type { Source } from '../contract/datasets.ts'
import type { Mapping } from '../contract/imports.ts'
import type { Handlers } from '../contract/methods.ts'
import type { Reader } from '../store/connection.ts'
import { assignSplits } from './splits/assign-splits.ts'
import { markChanged, publishData, requireProject } from './project-data.ts'
import type { DatasetDeps } from './project-data.ts'
import { handOverPassages, removeSourceRows } from './remove-source.ts'

export function sourceHandlers({
  store,
  changes,
}: DatasetDeps): Handlers<'data.sources' | 'data.setUse' | 'data.setWeight' | 'data.removeSource'> {
  const requireSource = async (projectId: string, sourceId: string): Promise<Source> => {
    const [source] = await readSources(store, projectId, sourceId)
    if (!source) throw sourceMissing(sourceId, 'It was removed meanwhile.')
    return source
  }
  return {
    'data.sources': async ({ projectId }) => {
      await requireProject(store, projectId)
      return readSources(store, projectId, null)
    },
    'data.setUse': async ({ projectId, sourceId, use }) => {
      await store.transaction(async (writer) => {
        await requireProject(writer, projectId)
        const { changes: found } = await writer.run(
          'UPDATE source SET use = ? WHERE id = ? AND project_id = ? AND ready = 1',
          use,
          sourceId,
          projectId,
        )
        if (found === 0) throw sourceMissing(sourceId, 'Nothing was changed.')
        if (use !== 'auto')
          await writer.run(
            'UPDATE example SET split = ?1 WHERE source_id = ?2 AND split <> ?1',
            use,
            sourceId,
          )
        await assignSplits(writer, projectId)
        await markChanged(writer, projectId)
      })
      publishData(changes, projectId)
      return requireSource(projectId, sourceId)
    },
    'data.setWeight': async ({ projectId, sourceId, weight }) => {
      await store.transaction(async (writer) => {
        await requireProject(writer, projectId)
        const { changes: found } = await writer.run(
          'UPDATE source SET weight = ? WHERE id = ? AND project_id = ? AND ready = 1',
          weight,
          sourceId,
          projectId,
        )
        if (found === 0) throw sourceMissing(sourceId, 'Nothing was changed.')
        await markChanged(writer, projectId)
      })
      publishData(changes, projectId)
      return requireSource(projectId, sourceId)
    },
    'data.removeSource': async ({ projectId, sourceId }) => {
      // At once out of sight; the rows follow in small steps, so that nothing else has to wait.
      await store.transaction(async (writer) => {
        const { changes: hidden } = await writer.run(
          'UPDATE source SET ready = 0 WHERE id = ? AND project_id = ? AND ready = 1',
          sourceId,
          projectId,
        )
        if (hidden === 0) throw sourceMissing(sourceId, 'Nothing was removed.')
        await handOverPassages(writer, sourceId)
        await assignSplits(writer, projectId)
        await markChanged(writer, projectId)
      })
      publishData(changes, projectId)
      await removeSourceRows(store, sourceId)
      return null
    },
  }
}

function sourceMissing(sourceId: string, outcome: string): AppError {
  return new AppError('source_missing', `This file is not in the project any more. ${outcome}`, { sourceId })
}

type SourceRow = Omit<Source, 'mapping'> & { readonly mapping: string | null }

/** The sources of a project that are whole, in the order in which they were imported; or one of them. */
export async function readSources(
  store: Reader,
  projectId: string,
  sourceId: string | null,
): Promise<Source[]> {
  const rows = await store.all<SourceRow>(
    `SELECT s.id, s.project_id AS projectId, s.name, s.kind, s.format, s.bytes, s.rows,
       (SELECT count(*) FROM example e WHERE e.source_id = s.id) AS examples,
       (SELECT count(*) FROM passage p WHERE p.source_id = s.id AND p.searchable = 1)
         + (SELECT count(*) FROM shared_passage h WHERE h.source_id = s.id) AS passages,
       (SELECT count(*) FROM problem b WHERE b.source_id = s.id AND b.status = 'rejected') AS rejected,
       (SELECT count(*) FROM problem b WHERE b.source_id = s.id AND b.status IN ('mended', 'mended-by-person'))
         AS mended,
       s.mapping, s.use, s.weight, s.imported_at AS importedAt
     FROM source s WHERE s.project_id = ?1 AND s.ready = 1 AND (?2 IS NULL OR s.id = ?2)
     ORDER BY s.imported_at, s.rowid`,
    projectId,
    sourceId,
  )
  return rows.map((row) => ({
    ...row,
    mapping: row.mapping === null ? null : (JSON.parse(row.mapping) as Mapping),
  }))
}

import type { ProblemRow } from '../contract/datasets.ts'
import type { Handlers } from '../contract/methods.ts'
import { isReady, requireProject } from './project-data.ts'
import type { DatasetDeps } from './project-data.ts'
import { explained, problemKinds } from './problem-kinds.ts'
import type { Proposal } from './proposals.ts'

interface GroupRow {
  readonly kind: string
  readonly rejected: number
  readonly mended: number
  readonly mendable: number
}

interface StoredProblem extends Omit<ProblemRow, 'proposal'> {
  readonly proposal: string | null
}

export function problemHandlers({ store }: DatasetDeps): Handlers<'data.problems' | 'data.problemRows'> {
  return {
    'data.problems': async ({ projectId }) => {
      await requireProject(store, projectId)
      const rows = await store.all<GroupRow>(
        `SELECT kind, sum(status = 'rejected') AS rejected, sum(status IN ('mended', 'mended-by-person')) AS mended,
           sum(status = 'rejected' AND proposal IS NOT NULL) AS mendable
         FROM problem WHERE project_id = ?1 AND ${isReady} GROUP BY kind`,
        projectId,
      )
      const order = Object.keys(problemKinds)
      return rows
        .map((row) => ({ ...row, ...explained(row.kind) }))
        .sort((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind))
    },

    'data.problemRows': async ({ projectId, kind, offset, limit }) => {
      await requireProject(store, projectId)
      const matching = `FROM problem WHERE project_id = ?1 AND kind = ?2 AND ${isReady}`
      const count = await store.get<{ total: number }>(
        `SELECT count(*) AS total ${matching}`,
        projectId,
        kind,
      )
      const rows = await store.all<StoredProblem>(
        `SELECT b.id, b.kind, b.source_id AS sourceId, s.name AS sourceName, b.place AS "where", b.message, b.status,
           coalesce(e.question, b.record ->> 'question') AS question,
           nullif(b.record ->> '$.answers[0].text', '') AS given, b.proposal
         FROM problem b JOIN source s ON s.id = b.source_id LEFT JOIN example e ON e.id = b.example_id
         WHERE b.id IN (SELECT id ${matching} ORDER BY id LIMIT ?3 OFFSET ?4) ORDER BY b.id`,
        projectId,
        kind,
        limit,
        offset,
      )
      return {
        total: count?.total ?? 0,
        rows: rows.map((row) => ({
          ...row,
          proposal: row.proposal === null ? null : (JSON.parse(row.proposal) as Proposal),
        })),
      }
    },
  }
}

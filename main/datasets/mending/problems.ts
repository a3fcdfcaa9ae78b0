import type { ProblemRow } from '../../contract/datasets.ts'
import type { Handlers } from '../../contract/methods.ts'
import { excerptMargin, excerptOf } from './excerpt.ts'
import { canApply, canUndo } from './mend.ts'
import { isReady, requireProject } from '../project-data.ts'
import type { DatasetDeps } from '../project-data.ts'
import { explained, problemKinds } from './problem-kinds.ts'
import { shownProposal } from './proposals.ts'

interface GroupRow {
  readonly kind: string
  readonly rejected: number
  readonly flagged: number
  readonly mended: number
  readonly mendable: number
  readonly undoable: number
}

interface StoredProblem extends Omit<ProblemRow, 'proposal' | 'undoable' | 'excerpt'> {
  readonly proposal: string | null
  readonly undoable: number
  /** The context around the proposed answer, which begins at `cutStart` in it; null where none is proposed. */
  readonly cut: string | null
  readonly cutStart: number
  readonly cutBefore: number
  readonly cutAfter: number
}

const shown = {
  open: "AND status IN ('rejected', 'flagged')",
  mended: "AND status IN ('mended', 'mended-by-person')",
} as const

/** What was found in a row that is used as it is goes out of sight with the row. */
const isThere = "(status <> 'flagged' OR example_id IS NOT NULL)"

export function problemHandlers({
  store,
}: Pick<DatasetDeps, 'store'>): Handlers<'data.problems' | 'data.problemRows'> {
  return {
    'data.problems': async ({ projectId }) => {
      await requireProject(store, projectId)
      const rows = await store.all<GroupRow>(
        `SELECT kind, sum(status = 'rejected') AS rejected, sum(status = 'flagged') AS flagged,
           sum(status IN ('mended', 'mended-by-person')) AS mended,
           sum(${canApply}) AS mendable, sum(${canUndo}) AS undoable
         FROM problem WHERE project_id = ?1 AND ${isReady} AND ${isThere} GROUP BY kind`,
        projectId,
      )
      const order = Object.keys(problemKinds)
      return rows
        .map((row) => ({ ...row, ...explained(row.kind) }))
        .sort((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind))
    },

    'data.problemRows': async ({ projectId, kind, offset, limit, show }) => {
      await requireProject(store, projectId)
      const matching = `FROM problem WHERE project_id = ?1 AND kind = ?2 AND ${isReady} AND ${isThere} ${show ? shown[show] : ''}`
      const count = await store.get<{ total: number }>(
        `SELECT count(*) AS total ${matching}`,
        projectId,
        kind,
      )
      const rows = await store.all<StoredProblem>(
        `SELECT b.id, b.kind, b.source_id AS sourceId, s.name AS sourceName, b.place AS "where", b.message, b.status,
           coalesce(e.question, b.record ->> 'question') AS question,
           nullif(coalesce(b.record ->> '$.answers[0].text',
             CASE b.status WHEN 'flagged' THEN e.answers ->> '$[0].text' END), '') AS given,
           b.proposal, b.undoable,
           substr(b.context, max(b.start - ?5, 0) + 1, min(b.start, ?5) + length(b.answer) + ?5) AS cut,
           min(b.start, ?5) AS cutStart, b.start > ?5 AS cutBefore,
           b.start + length(b.answer) + ?5 < length(b.context) AS cutAfter
         FROM (SELECT b.*, ${canUndo} AS undoable, b.proposal ->> 'start' AS start, b.proposal ->> 'answer' AS answer,
               CASE WHEN b.proposal ->> 'start' IS NOT NULL THEN coalesce(p.text, b.record ->> 'context') END AS context
             FROM problem b LEFT JOIN example e ON e.id = b.example_id LEFT JOIN passage p ON p.id = e.passage_id
             WHERE b.id IN (SELECT id ${matching} ORDER BY id LIMIT ?3 OFFSET ?4)) b
           JOIN source s ON s.id = b.source_id LEFT JOIN example e ON e.id = b.example_id
         ORDER BY b.id`,
        projectId,
        kind,
        limit,
        offset,
        excerptMargin,
      )
      return { total: count?.total ?? 0, rows: rows.map(problemRow) }
    },
  }
}

function problemRow({ cut, cutStart, cutBefore, cutAfter, ...row }: StoredProblem): ProblemRow {
  const proposal = row.proposal === null ? null : shownProposal(row.proposal)
  const whole = cut !== null && { text: cut, start: cutStart, before: cutBefore === 1, after: cutAfter === 1 }
  return {
    ...row,
    proposal,
    excerpt: whole ? excerptOf(whole, proposal?.answer ?? '') : null,
    undoable: row.undoable === 1,
  }
}

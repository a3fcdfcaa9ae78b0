import type { Handlers } from '../../contract/methods.ts'
import type { Writer } from '../../store/connection.ts'
import { assignSplits } from '../splits/assign-splits.ts'
import { planApply, planUndo } from './plan-mend.ts'
import type { MendRow, Step } from './plan-mend.ts'
import { isReady, markChanged, publishData, requireProject } from '../project-data.ts'
import type { DataParts } from '../project-data.ts'
import { writeSteps } from './write-mend.ts'

interface Selection {
  readonly projectId: string
  /** Null for all kinds. */
  readonly kind: string | null
  /** Ids as JSON; null selects all. */
  readonly ids: string | null
  readonly undo: boolean
}

const rowsPerStep = 200
/** An answer that is less like the one that was given is not taken unless a person looks at its kind. */
const leastUnseen = 0.6

export function mendHandlers({
  store,
  changes,
  textIndex,
}: Pick<DataParts, 'store' | 'changes' | 'textIndex'>): Handlers<'data.mend'> {
  return {
    'data.mend': async ({ projectId, kind, ids, undo }) => {
      const selection = { projectId, kind, ids: ids === null ? null : JSON.stringify(ids), undo }
      const changed = await store.transaction(async (writer) => {
        await requireProject(writer, projectId)
        const count = await mendAll(writer, selection)
        if (count === 0) return 0
        await assignSplits(writer, projectId)
        await markChanged(writer, projectId)
        return count
      })
      if (changed === 0) return { changed }
      textIndex.catchUp()
      publishData(changes, projectId)
      return { changed }
    },
  }
}

/** A row that a mend has brought back may have older mends to be taken back, too: until there are none. */
async function mendAll(writer: Writer, selection: Selection): Promise<number> {
  let changed = 0
  for (let isMore = true; isMore;) {
    const count = await mendSelected(writer, selection)
    changed += count
    isMore = selection.undo && count > 0
  }
  return changed
}

async function mendSelected(writer: Writer, selection: Selection): Promise<number> {
  let changed = 0
  for (let after = -1; ;) {
    const rows = await readRows(writer, selection, after)
    changed += await mendRows(writer, selection, rows)
    const last = rows.at(-1)
    if (!last) return changed
    after = last.id
  }
}

/** Findings on one row are dealt with one after another: the next one sees what the last one made of the row. */
async function mendRows(writer: Writer, selection: Selection, rows: readonly MendRow[]): Promise<number> {
  let changed = 0
  for (let left = rows; left.length > 0;) {
    const met = new Set<string>()
    const now: MendRow[] = []
    const later: number[] = []
    for (const row of left) {
      const key = row.exampleId === null ? `out ${row.sourceId} ${row.place}` : String(row.exampleId)
      if (met.has(key)) later.push(row.id)
      else now.push(row)
      met.add(key)
    }
    const plan = selection.undo ? planUndo : planApply
    const steps: Step[] = now.flatMap((row) => plan(row) ?? [])
    changed += await writeSteps(writer, selection.projectId, steps)
    left = later.length === 0 ? [] : await readRows(writer, { ...selection, ids: JSON.stringify(later) }, -1)
  }
  return changed
}

function readRows(writer: Writer, selection: Selection, after: number): Promise<readonly MendRow[]> {
  const { projectId, kind, ids, undo } = selection
  return writer.all<MendRow>(
    `SELECT b.id, b.source_id AS sourceId, b.place, b.status, b.record, b.proposal, s.use,
       b.example_id AS exampleId, e.key, p.hash, p.text AS context, e.question, e.answers,
       e.is_impossible AS isImpossible, e.grp, e.form, e.task, e.extra, e.place AS examplePlace,
       (SELECT k.text FROM passage k WHERE k.project_id = ?1 AND k.hash = b.record ->> 'hash') AS recordContext,
       (SELECT json_group_array(o.id) FROM problem o WHERE o.example_id = b.example_id AND o.id <> b.id) AS others,
       (SELECT count(*) FROM problem o WHERE o.example_id = b.example_id AND o.id <> b.id
         AND o.status = 'mended-by-person' AND o.record ->> 'kept' = 1) AS depth
     FROM problem b JOIN source s ON s.id = b.source_id
       LEFT JOIN example e ON e.id = b.example_id LEFT JOIN passage p ON p.id = e.passage_id
     WHERE b.id IN (SELECT id FROM problem WHERE project_id = ?1 AND ${isReady} AND (?2 IS NULL OR kind = ?2)
       AND (?3 IS NULL OR id IN (SELECT value FROM json_each(?3)))
       AND ${undo ? undoable(selection) : appliable(selection)} AND id > ?4 ORDER BY id LIMIT ${rowsPerStep})
     ORDER BY b.id`,
    projectId,
    kind,
    ids,
    after,
  )
}

function appliable({ kind }: Selection): string {
  const seen = `(proposal ->> 'action' <> 'answer' OR proposal ->> 'similarity' IS NULL
    OR proposal ->> 'similarity' >= ${leastUnseen})`
  return `${canApply}${kind === null ? ` AND ${seen}` : ''}`
}

/** Without a kind and without ids only what the person did is taken back, not what was done on the way in. */
function undoable({ kind, ids }: Selection): string {
  return kind === null && ids === null ? `${canUndo} AND status = 'mended-by-person'` : canUndo
}

/** A condition on `problem`: there is a mend, and no other mend holds the row out. */
export const canApply = `proposal IS NOT NULL
  AND ((status = 'rejected' AND record IS NOT NULL) OR (status = 'flagged' AND example_id IS NOT NULL))`
/** A condition on `problem`: the mend can be taken back, and no other mend holds the row out. */
export const canUndo = `proposal IS NOT NULL AND status IN ('mended', 'mended-by-person')
  AND (example_id IS NOT NULL OR proposal ->> 'action' = 'leave-out')`

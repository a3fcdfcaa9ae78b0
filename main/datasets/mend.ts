import { createRecordChecker, readId } from '../../trainer/data/record-checker.ts'
import type { RawRecord } from '../../trainer/data/raw-record.ts'
import type { Source } from '../contract/datasets.ts'
import type { Handlers } from '../contract/methods.ts'
import type { Writer } from '../store/connection.ts'
import { assignSplits } from './assign-splits.ts'
import { insertBatch } from './insert-batch.ts'
import type { Owner } from './insert-batch.ts'
import { contextPassage, newExample } from './new-example.ts'
import { isReady, markChanged, publishData, requireProject } from './project-data.ts'
import type { DatasetDeps } from './project-data.ts'
import { mendedRecord } from './proposals.ts'
import type { Proposal } from './proposals.ts'
import { factsOf } from './text-facts.ts'

interface MendRow {
  readonly id: number
  readonly sourceId: string
  readonly place: string
  readonly record: string
  readonly proposal: string
  readonly use: Source['use']
}

interface Selection {
  readonly projectId: string
  readonly kind: string
  /** Ids as JSON; null selects all of the kind. */
  readonly ids: string | null
}

const rowsPerStep = 500

export function mendHandlers({ store, changes }: DatasetDeps): Handlers<'data.mend'> {
  return {
    'data.mend': async ({ projectId, kind, ids, undo }) => {
      const selection = { projectId, kind, ids: ids === null ? null : JSON.stringify(ids) }
      const changed = await store.transaction(async (writer) => {
        await requireProject(writer, projectId)
        const count = undo ? await undoMends(writer, selection) : await applyProposals(writer, selection)
        if (count === 0) return 0
        await assignSplits(writer, projectId)
        await markChanged(writer, projectId)
        return count
      })
      if (changed > 0) publishData(changes, projectId)
      return { changed }
    },
  }
}

/** Rows of `problem` that are selected; `?1` project, `?2` kind, `?3` ids. */
const selected = `project_id = ?1 AND kind = ?2 AND ${isReady}
  AND (?3 IS NULL OR id IN (SELECT value FROM json_each(?3)))`

async function applyProposals(writer: Writer, { projectId, kind, ids }: Selection): Promise<number> {
  let changed = 0
  for (let after = -1; ;) {
    const rows = await writer.all<MendRow>(
      `SELECT b.id, b.source_id AS sourceId, b.place, b.record, b.proposal, s.use
       FROM problem b JOIN source s ON s.id = b.source_id
       WHERE b.id IN (SELECT id FROM problem WHERE ${selected} AND status = 'rejected' AND proposal IS NOT NULL
         AND record IS NOT NULL AND id > ?4 ORDER BY id LIMIT ${rowsPerStep}) ORDER BY b.id`,
      projectId,
      kind,
      ids,
      after,
    )
    for (const [sourceId, ofSource] of Map.groupBy(rows, (row) => row.sourceId))
      changed += await mendRows(writer, { projectId, sourceId }, ofSource)
    const last = rows.at(-1)
    if (!last) return changed
    after = last.id
  }
}

/** Adds the mended records of one source as examples. @returns how many; some cannot be used even so */
async function mendRows(writer: Writer, owner: Owner, rows: readonly MendRow[]): Promise<number> {
  const mended = rows.flatMap((row) => {
    const record = mendedRecord(JSON.parse(row.record) as RawRecord, JSON.parse(row.proposal) as Proposal)
    // Its own id may be taken by now: the row's number makes a free one.
    const { example } = createRecordChecker('').add({
      ...record,
      id: `${readId(record.id) ?? row.place}~${row.id}`,
    })
    return example ? [{ row, example, facts: factsOf(example.context) }] : []
  })
  await insertBatch(writer, owner, {
    passages: mended.map(({ row, example, facts }) => contextPassage(example, facts, row.place)),
    examples: mended.map(({ row, example, facts }) =>
      newExample(example, facts, { place: row.place, split: row.use === 'auto' ? 'train' : row.use }),
    ),
    problems: [],
  })
  await writer.run(
    `UPDATE problem SET status = 'mended-by-person', example_id =
       (SELECT e.id FROM example e WHERE e.project_id = ?1 AND e.key = j.value ->> 1 AND e.source_id = ?2)
     FROM json_each(?3) j WHERE problem.id = j.value ->> 0`,
    owner.projectId,
    owner.sourceId,
    JSON.stringify(mended.map(({ row, example }) => [row.id, example.id])),
  )
  return mended.length
}

async function undoMends(writer: Writer, { projectId, kind, ids }: Selection): Promise<number> {
  const mended = `${selected} AND status = 'mended-by-person'`
  const values = [projectId, kind, ids] as const
  // Passages that came with the mended examples and that nothing else uses go with them.
  const passages = await writer.all<{ id: number }>(
    `SELECT DISTINCT e.passage_id AS id FROM example e
     WHERE e.id IN (SELECT example_id FROM problem WHERE ${mended})`,
    ...values,
  )
  const { changes } = await writer.run(`UPDATE problem SET status = 'rejected' WHERE ${mended}`, ...values)
  await writer.run(
    `DELETE FROM example WHERE id IN (SELECT example_id FROM problem WHERE ${selected}
       AND status = 'rejected' AND example_id IS NOT NULL)`,
    ...values,
  )
  await writer.run(
    `DELETE FROM passage WHERE id IN (SELECT value FROM json_each(?))
       AND NOT EXISTS (SELECT 1 FROM example e WHERE e.passage_id = passage.id)
       AND (SELECT kind FROM source WHERE id = passage.source_id) <> 'documents'`,
    JSON.stringify(passages.map(({ id }) => id)),
  )
  return changes
}

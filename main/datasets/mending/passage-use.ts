import type { Writer } from '../../store/connection.ts'

/** Passages that came with examples alone; those of documents are there for themselves. */
const isContext = `(SELECT kind FROM source WHERE id = passage.source_id) <> 'documents'
  AND NOT EXISTS (SELECT 1 FROM shared_passage h JOIN source s ON s.id = h.source_id
    WHERE h.passage_id = passage.id AND s.kind = 'documents')`

/**
 * Takes passages that no question is asked about any more out of every search; they stay for mends that are taken
 * back, and as inputs of tasks.
 *
 * @param ids of the passages that may have lost their last example
 */
export async function retirePassages(writer: Writer, ids: readonly number[]): Promise<void> {
  if (ids.length === 0) return
  await writer.run(
    `UPDATE passage SET searchable = 0
     WHERE id IN (SELECT value FROM json_each(?1)) AND searchable = 1 AND ${isContext}
       AND NOT EXISTS (SELECT 1 FROM example e WHERE e.passage_id = passage.id AND e.form = 'qa')`,
    JSON.stringify(ids),
  )
}

/** Brings passages back that questions are asked about again; inputs of tasks stay out of the search. */
export async function revivePassages(
  writer: Writer,
  projectId: string,
  hashes: readonly string[],
): Promise<void> {
  if (hashes.length === 0) return
  await writer.run(
    `UPDATE passage SET searchable = 1
     WHERE project_id = ?1 AND hash IN (SELECT value FROM json_each(?2)) AND searchable = 0
       AND EXISTS (SELECT 1 FROM example e WHERE e.passage_id = passage.id AND e.form = 'qa')`,
    projectId,
    JSON.stringify(hashes),
  )
}

/** Removes passages that nothing uses, unless a kept row needs them to be put back. */
export async function removePassages(
  writer: Writer,
  projectId: string,
  ids: readonly number[],
): Promise<void> {
  if (ids.length === 0) return
  await writer.run(
    `DELETE FROM passage WHERE id IN (SELECT value FROM json_each(?2)) AND ${isContext}
       AND NOT EXISTS (SELECT 1 FROM example e WHERE e.passage_id = passage.id)
       AND hash NOT IN (SELECT record ->> 'hash' FROM problem
         WHERE project_id = ?1 AND record IS NOT NULL AND record ->> 'hash' IS NOT NULL)`,
    projectId,
    JSON.stringify(ids),
  )
}

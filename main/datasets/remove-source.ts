import type { Writer } from '../store/connection.ts'
import type { Store } from '../store/open.ts'

const rowsPerStep = 5000

/**
 * Passages of a source that others hold, too, or ask questions about, go over to one of those: they stay when the
 * source goes.
 */
export async function handOverPassages(writer: Writer, sourceId: string): Promise<void> {
  const { changes: moved } = await writer.run(
    `UPDATE passage SET (source_id, title, heading, page, place) =
       (SELECT h.source_id, h.title, h.heading, h.page, h.place
        FROM shared_passage h JOIN source s ON s.id = h.source_id
        WHERE h.passage_id = passage.id AND h.source_id <> ?1 ORDER BY s.ready DESC, s.imported_at, s.id LIMIT 1)
     WHERE source_id = ?1
       AND EXISTS (SELECT 1 FROM shared_passage h WHERE h.passage_id = passage.id AND h.source_id <> ?1)`,
    sourceId,
  )
  await writer.run('DELETE FROM shared_passage WHERE source_id = ?', sourceId)
  // What a source holds by itself now it no longer shares.
  if (moved > 0)
    await writer.run(
      `DELETE FROM shared_passage WHERE EXISTS (SELECT 1 FROM passage p
         WHERE p.id = shared_passage.passage_id AND p.source_id = shared_passage.source_id)`,
    )
  await writer.run(
    `UPDATE passage SET source_id =
       (SELECT e.source_id FROM example e JOIN source s ON s.id = e.source_id
        WHERE e.passage_id = passage.id AND e.source_id <> ?1 ORDER BY s.ready DESC, e.id LIMIT 1)
     WHERE source_id = ?1
       AND EXISTS (SELECT 1 FROM example e WHERE e.passage_id = passage.id AND e.source_id <> ?1)`,
    sourceId,
  )
}

/** Removes a source that is out of sight (`ready` 0) with all its rows, a few thousand at a time. */
export async function removeSourceRows(store: Store, sourceId: string): Promise<void> {
  for (const table of ['problem', 'example', 'passage'] as const) {
    for (let isMore = true; isMore;)
      isMore = await store.transaction(async (writer) => {
        if (table === 'passage') await handOverPassages(writer, sourceId)
        const { changes } = await writer.run(
          `DELETE FROM ${table} WHERE id IN (SELECT id FROM ${table} WHERE source_id = ? LIMIT ${rowsPerStep})`,
          sourceId,
        )
        return changes === rowsPerStep
      })
  }
  await store.transaction(async (writer) => {
    await handOverPassages(writer, sourceId)
    await writer.run('DELETE FROM source WHERE id = ?', sourceId)
  })
}

/** Removes what an import or removal left unfinished when the app went; for the start of the app. */
export async function sweepUnfinished(store: Store): Promise<void> {
  const rows = await store.all<{ id: string }>('SELECT id FROM source WHERE ready = 0')
  for (const { id } of rows) await removeSourceRows(store, id)
}

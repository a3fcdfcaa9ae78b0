import type { Writer } from '../store/connection.ts'
import type { Store } from '../store/open.ts'

const rowsPerStep = 5000

/**
 * Passages of a source about which others ask questions, too, go over to one of those: they stay when the source
 * goes.
 */
export async function handOverPassages(writer: Writer, sourceId: string): Promise<void> {
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

import { randomUUID } from 'node:crypto'
import { AppError } from '../contract/errors.ts'
import type { Store } from '../store/open.ts'
import { errorValueOf } from '../trainers/error-value.ts'
import type { SearchRow } from './search-rows.ts'

/**
 * Sets right what an earlier process of the app left: a search that was at work is `interrupted`, with a notice, and
 * goes on when asked to, the trial that was at work from its checkpoint. Returns how many there were.
 */
export async function recoverSearches(store: Store, at: number): Promise<number> {
  const rows = await store.all<SearchRow>(`SELECT * FROM search WHERE status IN ('running', 'stopping')`)
  for (const { id, project_id: projectId, name } of rows) {
    const error = errorValueOf(
      new AppError(
        'run_interrupted',
        `Loracle ended while ${name} was at work. What it had found is kept: go on with it on the Train page.`,
        { searchId: id },
      ),
    )
    await store.transaction(async (writer) => {
      await writer.run(`UPDATE search SET status = 'interrupted', ended_at = ? WHERE id = ?`, at, id)
      await writer.run(`UPDATE trial SET status = 'waiting' WHERE search_id = ? AND status = 'running'`, id)
      await writer.run(
        'INSERT INTO notice (id, at, error, project_id, run_id) VALUES (?, ?, ?, ?, NULL)',
        ...[randomUUID(), at, JSON.stringify(error), projectId],
      )
    })
  }
  return rows.length
}

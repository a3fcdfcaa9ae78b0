import { AppError } from '../contract/errors.ts'
import type { LogLine } from '../contract/runs.ts'
import type { Store } from '../store/open.ts'
import { errorValueOf } from '../trainers/error-value.ts'
import { removeLeftovers } from './leftovers.ts'
import { removeNotedFolders } from './passing-folders.ts'
import { activeStatuses } from './run-row.ts'
import type { RunRow } from './run-row.ts'
import { changeRun, storeResult, writeLog, writeNotice } from './run-writes.ts'
import { checkpointStep, readResultFile } from './saved-state.ts'

/**
 * Sets right what an earlier process of the app left: a run that had ended is stored as its folder tells it, one that
 * was at work is `interrupted`, with a notice. Queued runs stay queued, but those of a search, which go on with
 * it. Returns how many were at work.
 */
export async function recoverRuns(store: Store, now: () => number): Promise<number> {
  await removeNotedFolders(store)
  await store.run(`UPDATE run SET status = 'paused' WHERE status = 'queued' AND search_id IS NOT NULL`)
  const rows = await store.all<RunRow>(
    `SELECT * FROM run WHERE status IN (${activeStatuses.map(() => '?').join(', ')})`,
    ...activeStatuses,
  )
  // A clock that was set back since has no run end before it started.
  for (const row of rows) await recoverRun(store, row, Math.max(now(), row.started_at ?? 0))
  return rows.length
}

async function recoverRun(store: Store, row: RunRow, at: number): Promise<void> {
  const lineOf = (level: LogLine['level'], text: string): LogLine => ({ at, level, text })
  await removeLeftovers(row.folder)
  const result = await readResultFile(row.folder)
  if (result && result.stopped !== 'cancelled') {
    const text = 'The run had ended when Loracle was closed; its result was taken from its folder.'
    await storeResult(store, row, { result, at, line: lineOf('info', text) })
    return
  }
  const step = await checkpointStep(row.folder)
  if (result) {
    await store.transaction(async (writer) => {
      await changeRun(writer, row.id, { status: 'paused', ended_at: at, checkpoint_step: step })
      const text = `Paused when Loracle was closed, saved at step ${step}.`
      await writeLog(writer, row.id, lineOf('info', text))
    })
    return
  }
  const rest =
    step > 0
      ? `What was saved is intact: resume it to go on from step ${step}.`
      : 'No checkpoint had been saved yet: resuming begins anew.'
  const error = errorValueOf(
    new AppError('run_interrupted', `Loracle ended while the run "${row.name}" was at work. ${rest}`, {
      step,
    }),
  )
  await store.transaction(async (writer) => {
    // What the store was told last may be older than what was saved.
    const stands = { step: Math.max(row.step, step), checkpoint_step: step }
    const end = { status: 'interrupted', ended_at: at, ...stands } as const
    await changeRun(writer, row.id, { ...end, error: JSON.stringify(error) })
    if (row.search_id === null)
      await writeNotice(writer, { at, error, projectId: row.project_id, runId: row.id })
    await writeLog(writer, row.id, lineOf('error', error.message))
  })
}

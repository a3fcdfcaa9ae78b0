import { AppError } from '../contract/errors.ts'
import type { LogLine } from '../contract/runs.ts'
import type { Store } from '../store/open.ts'
import { errorValueOf } from '../trainers/error-value.ts'
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
  await store.run(`UPDATE run SET status = 'paused' WHERE status = 'queued' AND search_id IS NOT NULL`)
  const rows = await store.all<RunRow>(
    `SELECT * FROM run WHERE status IN (${activeStatuses.map(() => '?').join(', ')})`,
    ...activeStatuses,
  )
  for (const row of rows) await recoverRun(store, row, now())
  return rows.length
}

async function recoverRun(store: Store, row: RunRow, at: number): Promise<void> {
  const note = (level: LogLine['level'], text: string) => writeLog(store, row.id, { at, level, text })
  const result = await readResultFile(row.folder)
  if (result && result.stopped !== 'cancelled') {
    await storeResult(store, row, { result, at })
    await note('info', 'The run had ended when Loracle was closed; its result was taken from its folder.')
    return
  }
  const step = await checkpointStep(row.folder)
  if (result) {
    await changeRun(store, row.id, { status: 'paused', ended_at: at, checkpoint_step: step })
    await note('info', `Paused when Loracle was closed, saved at step ${step}.`)
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
    const end = { status: 'interrupted', ended_at: at, checkpoint_step: step } as const
    await changeRun(writer, row.id, { ...end, error: JSON.stringify(error) })
    if (row.search_id === null)
      await writeNotice(writer, { at, error, projectId: row.project_id, runId: row.id })
    await writeLog(writer, row.id, { at, level: 'error', text: error.message })
  })
}

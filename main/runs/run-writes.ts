import { randomUUID } from 'node:crypto'
import type { Comparison, TrainResult } from '../../trainer/protocol.ts'
import type { ErrorValue } from '../contract/errors.ts'
import type { LogLine, RunStatus } from '../contract/runs.ts'
import type { SqlValue, Writer } from '../store/connection.ts'
import type { Store } from '../store/open.ts'
import type { LiveRun } from './live-run.ts'
import { factsOf } from './run-row.ts'
import type { RunFacts, RunRow } from './run-row.ts'

type Write = Pick<Writer, 'run'>

/** Columns of a run that change after it was made. */
type Change = Partial<
  Omit<
    RunRow,
    'id' | 'project_id' | 'search_id' | 'model_id' | 'model_name' | 'model_folder' | 'folder' | 'created_at'
  >
>

/** Changes columns of a run whose status is one of `from`; false where there is none such. */
export async function changeRun(
  writer: Write,
  runId: string,
  change: Change,
  from?: readonly RunStatus[],
): Promise<boolean> {
  const columns = Object.entries(change) as [string, SqlValue][]
  const set = columns.map(([name]) => `${name} = ?`).join(', ')
  const only = from ? ` AND status IN (${from.map(() => '?').join(', ')})` : ''
  const values = [...columns.map(([, value]) => value), runId, ...(from ?? [])]
  const { changes } = await writer.run(`UPDATE run SET ${set} WHERE id = ?${only}`, ...values)
  return changes > 0
}

/** Writes where a live run stands; false where its row is gone. */
export function saveProgress(writer: Write, runId: string, live: LiveRun): Promise<boolean> {
  return changeRun(writer, runId, {
    step: live.step,
    steps: live.steps,
    checkpoint_step: live.checkpointStep,
    scores_before: live.before && JSON.stringify(live.before),
    scores_after: live.after && JSON.stringify(live.after),
    facts: JSON.stringify(live.facts),
  })
}

/** Adds a line to a run's log; nothing where the run is gone. */
export async function writeLog(writer: Write, runId: string, { at, level, text }: LogLine): Promise<void> {
  await writer.run(
    'INSERT INTO run_log (run_id, at, level, text) SELECT id, ?, ?, ? FROM run WHERE id = ?',
    at,
    level,
    text,
    runId,
  )
}

/** Adds a notice for whoever opens the app next. */
export async function writeNotice(
  writer: Write,
  notice: {
    readonly at: number
    readonly error: ErrorValue
    readonly projectId: string
    readonly runId: string
  },
): Promise<void> {
  await writer.run(
    'INSERT INTO notice (id, at, error, project_id, run_id) VALUES (?, ?, ?, ?, ?)',
    randomUUID(),
    notice.at,
    JSON.stringify(notice.error),
    notice.projectId,
    notice.runId,
  )
}

/** Stores how a run ended, all its comparisons and a line of its log included, at once. False where the run is gone. */
export function storeResult(
  store: Store,
  row: Pick<RunRow, 'id' | 'facts'>,
  { result, at, line }: { readonly result: TrainResult; readonly at: number; readonly line: LogLine },
): Promise<boolean> {
  const facts = factsOf(row)
  const known: RunFacts = {
    ...facts,
    keepAtOnce: false,
    tokensPerSecond: result.tokensPerSecond,
    peakMemoryMb: Math.round(Math.max(facts.peakMemoryMb ?? 0, result.peakRssMb)),
    bestStep: result.bestStep,
    seconds: result.seconds,
  }
  return store.transaction(async (writer) => {
    const there = await changeRun(writer, row.id, {
      status: 'finished',
      ended_at: at,
      error: null,
      step: result.step,
      steps: result.steps,
      stopped: result.stopped,
      scores_before: result.before && JSON.stringify(result.before),
      scores_after: result.after && JSON.stringify(result.after),
      outcome: result.adapter,
      facts: JSON.stringify(known),
    })
    if (there) await storeComparisons(writer, row.id, result.comparisons)
    await writeLog(writer, row.id, line)
    return there
  })
}

async function storeComparisons(
  writer: Writer,
  runId: string,
  comparisons: readonly Comparison[],
): Promise<void> {
  await writer.run('DELETE FROM comparison WHERE run_id = ?', runId)
  const insert = await writer.prepare(
    `INSERT INTO comparison
      (run_id, number, key, set_name, question, base, tuned, gold, base_right, tuned_right, base_f1, tuned_f1,
        task, input, statistics)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  )
  try {
    for (const [number, one] of comparisons.entries())
      await insert.run(
        runId,
        number,
        one.id,
        one.set,
        one.question,
        one.base,
        one.tuned,
        JSON.stringify(one.gold),
        Number(one.baseRight),
        Number(one.tunedRight),
        one.baseF1,
        one.tunedF1,
        one.task ?? 'question-answering',
        one.input ?? null,
        one.statistics ? JSON.stringify(one.statistics) : null,
      )
  } finally {
    await insert.finalize()
  }
}

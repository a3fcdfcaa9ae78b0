import { AppError } from '../contract/errors.ts'
import type { ErrorValue } from '../contract/errors.ts'
import type { LogLine, RunDetail, RunInfo, RunStatus } from '../contract/runs.ts'
import type { Reader } from '../store/connection.ts'
import { fromJson } from './stored-json.ts'

/** A run as the store keeps it; JSON as text. */
export interface RunRow {
  readonly id: string
  readonly project_id: string
  /** The search that it is a trial of; null for a run of its own. */
  readonly search_id: string | null
  readonly name: string
  readonly status: RunStatus
  readonly model_id: string | null
  readonly model_name: string
  readonly model_folder: string
  readonly folder: string
  readonly settings: string
  readonly changed: string
  readonly splits: string
  readonly created_at: number
  readonly queued_at: number
  readonly started_at: number | null
  readonly ended_at: number | null
  readonly step: number
  readonly steps: number
  readonly checkpoint_step: number
  readonly error: string | null
  readonly stopped: string | null
  readonly scores_before: string | null
  readonly scores_after: string | null
  readonly outcome: string | null
  readonly facts: string
}

/** What is known of a run beside its columns; everything may be missing until it is known. */
export interface RunFacts {
  readonly tokensPerSecond?: number
  readonly peakMemoryMb?: number
  readonly bestStep?: number
  readonly trainableParameters?: number
  readonly totalParameters?: number
  readonly epoch?: number
  readonly epochs?: number
  readonly seconds?: number
  /** Where an adapter of elsewhere was copied from. */
  readonly importedFrom?: string
  /** True where it is to be ended and kept as soon as the trainer has it again. */
  readonly keepAtOnce?: boolean
}

/** States in which a trainer process works, or is about to, for the run. */
export const activeStatuses: readonly RunStatus[] = ['starting', 'running', 'pausing', 'stopping']
/** States from which a run can be gone on with. */
export const resumableStatuses: readonly RunStatus[] = ['paused', 'failed', 'interrupted']

/** @throws AppError `run_missing`. */
export async function readRun(reader: Reader, runId: string): Promise<RunRow> {
  const row = await reader.get<RunRow>('SELECT * FROM run WHERE id = ?', runId)
  if (row) return row
  throw new AppError(
    'run_missing',
    'This run is no longer there: it was discarded, or its project was deleted. Choose another run.',
    { runId },
  )
}

export function factsOf(row: Pick<RunRow, 'facts'>): RunFacts {
  return fromJson<RunFacts>(row.facts)
}

export function toRunInfo(row: RunRow): RunInfo {
  const { importedFrom } = factsOf(row)
  return {
    ...(importedFrom === undefined ? {} : { importedFrom }),
    id: row.id,
    projectId: row.project_id,
    name: row.name,
    status: row.status,
    modelId: row.model_id,
    modelName: row.model_name,
    createdAt: row.created_at,
    startedAt: row.started_at,
    endedAt: row.ended_at,
    step: row.step,
    steps: row.steps,
    error: row.error === null ? null : fromJson<ErrorValue>(row.error),
    resumable: resumableStatuses.includes(row.status),
    before: row.scores_before === null ? null : fromJson(row.scores_before),
    after: row.scores_after === null ? null : fromJson(row.scores_after),
    stopped: row.stopped as RunInfo['stopped'],
    usable: row.outcome !== null,
    folder: row.folder,
    changed: fromJson(row.changed),
  }
}

export function toRunDetail(row: RunRow): RunDetail {
  const facts = factsOf(row)
  return {
    ...toRunInfo(row),
    settings: fromJson(row.settings),
    splits: fromJson(row.splits),
    tokensPerSecond: facts.tokensPerSecond ?? null,
    peakMemoryMb: facts.peakMemoryMb ?? null,
    bestStep: facts.bestStep ?? null,
    checkpointStep: row.checkpoint_step,
    trainableParameters: facts.trainableParameters ?? null,
    totalParameters: facts.totalParameters ?? null,
  }
}

/** Log lines that are shown; older ones stay in the store. */
export const shownLogLines = 1000

/** The newest lines of a run's log, oldest first. */
export async function readLog(reader: Reader, runId: string): Promise<readonly LogLine[]> {
  const lines = await reader.all<LogLine>(
    'SELECT at, level, text FROM run_log WHERE run_id = ? ORDER BY id DESC LIMIT ?',
    runId,
    shownLogLines,
  )
  return lines.toReversed()
}

import type { TrainingDataset } from '../../trainer/protocol.ts'
import { AppError } from '../contract/errors.ts'
import type { ErrorValue } from '../contract/errors.ts'
import type {
  SearchDetail,
  SearchInfo,
  SearchObjective,
  SearchRequest,
  SearchStatus,
  TrialInfo,
  TrialStatus,
  TrialValidation,
} from '../contract/searches.ts'
import type { Reader, SqlValue, Writer } from '../store/connection.ts'
import { bestUpTo, isBetter } from './median-rule.ts'

/** What of a request is kept as it was, and the files that the trials train and are judged on. */
export interface KeptPlan extends Pick<
  SearchRequest,
  'space' | 'strategy' | 'seed' | 'pruning' | 'trialEpochs'
> {
  readonly datasets: readonly TrainingDataset[]
  /** Null where each trial draws the same share of them from the training examples. */
  readonly validation: string | null
}

/** A search as the store keeps it; JSON as text. */
export interface SearchRow {
  readonly id: string
  readonly project_id: string
  readonly name: string
  readonly status: SearchStatus
  readonly model_id: string | null
  readonly model_name: string
  readonly folder: string
  readonly settings: string
  readonly plan: string
  readonly splits: string
  readonly objective: SearchObjective
  readonly created_at: number
  readonly ended_at: number | null
  readonly error: string | null
}

export interface TrialRow {
  readonly search_id: string
  readonly number: number
  readonly trial_values: string
  readonly status: TrialStatus
  readonly run_id: string | null
  readonly step: number
  readonly steps: number
  readonly seconds: number
  readonly validations: string
  readonly error: string | null
  readonly chosen_run_id: string | null
}

/** What is known of the trial at work beyond its row. */
export interface LiveTrial {
  readonly number: number
  readonly step: number
  readonly steps: number
  readonly seconds: number
  readonly ahead: number
}

/** States from which a search can be gone on with. */
export const resumableSearches: readonly SearchStatus[] = ['stopped', 'interrupted', 'failed']
const endedTrials: readonly TrialStatus[] = ['pruned', 'finished', 'failed']

/** @throws AppError `search_missing`. */
export async function readSearch(reader: Reader, searchId: string): Promise<SearchRow> {
  const row = await reader.get<SearchRow>('SELECT * FROM search WHERE id = ?', searchId)
  if (row) return row
  throw new AppError(
    'search_missing',
    'This search is no longer there: it was discarded, or its project was deleted. Choose another one.',
    { searchId },
  )
}

/** The trials of a search, in their order. */
export function readTrials(reader: Reader, searchId: string): Promise<readonly TrialRow[]> {
  return reader.all<TrialRow>('SELECT * FROM trial WHERE search_id = ? ORDER BY number', searchId)
}

/** Changes columns of a trial. */
export async function changeTrial(
  writer: Pick<Writer, 'run'>,
  { search_id, number }: Pick<TrialRow, 'search_id' | 'number'>,
  change: Partial<Omit<TrialRow, 'search_id' | 'number' | 'trial_values'>>,
): Promise<void> {
  const columns = Object.entries(change) as [string, SqlValue][]
  const set = columns.map(([name]) => `${name} = ?`).join(', ')
  const values = columns.map(([, value]) => value)
  await writer.run(`UPDATE trial SET ${set} WHERE search_id = ? AND number = ?`, ...values, search_id, number)
}

/** Sets a search's status where it is one of `from`; false where it is none of them. */
export async function changeSearch(
  writer: Pick<Writer, 'run'>,
  searchId: string,
  change: Partial<Pick<SearchRow, 'status' | 'ended_at' | 'error'>>,
  from: readonly SearchStatus[],
): Promise<boolean> {
  const columns = Object.entries(change) as [string, SqlValue][]
  const set = columns.map(([name]) => `${name} = ?`).join(', ')
  const { changes } = await writer.run(
    `UPDATE search SET ${set} WHERE id = ? AND status IN (${from.map(() => '?').join(', ')})`,
    ...columns.map(([, value]) => value),
    searchId,
    ...from,
  )
  return changes > 0
}

export function valuesOf(row: Pick<TrialRow, 'trial_values'>): Readonly<Record<string, unknown>> {
  return JSON.parse(row.trial_values) as Record<string, unknown>
}

export function validationsOf(row: Pick<TrialRow, 'validations'>): readonly TrialValidation[] {
  return JSON.parse(row.validations) as TrialValidation[]
}

export function toSearchInfo(row: SearchRow, trials: readonly TrialRow[]): SearchInfo {
  const { objective } = row
  const measured = trials.flatMap((trial) => {
    const best = trial.status === 'failed' ? null : bestUpTo(validationsOf(trial), objective)
    return best ? [{ number: trial.number, value: best.value }] : []
  })
  return {
    id: row.id,
    projectId: row.project_id,
    name: row.name,
    status: row.status,
    modelId: row.model_id,
    modelName: row.model_name,
    createdAt: row.created_at,
    endedAt: row.ended_at,
    objective,
    total: trials.length,
    done: trials.filter(({ status }) => endedTrials.includes(status)).length,
    best: measured.reduce<SearchInfo['best']>(
      (best, one) => (best === null || isBetter(one.value, best.value, objective) ? one : best),
      null,
    ),
    error: row.error === null ? null : (JSON.parse(row.error) as ErrorValue),
  }
}

export function toSearchDetail(
  row: SearchRow,
  rows: readonly TrialRow[],
  live: LiveTrial | null,
): SearchDetail {
  const { space, strategy, seed, pruning, trialEpochs, validation } = JSON.parse(row.plan) as KeptPlan
  const info = toSearchInfo(row, rows)
  const trials = rows.map((trial) => toTrialInfo(trial, { row, live }))
  const names = [
    ...new Set([...space.map(({ name }) => name), ...trials.flatMap(({ values }) => Object.keys(values))]),
  ]
  return {
    ...info,
    settings: JSON.parse(row.settings) as Record<string, unknown>,
    space,
    strategy,
    seed,
    pruning,
    trialEpochs,
    names,
    drawsValidation: validation === null,
    splits: JSON.parse(row.splits) as SearchDetail['splits'],
    trials,
    secondsLeft: secondsLeft(trials),
    ahead: live?.ahead ?? 0,
  }
}

function toTrialInfo(
  trial: TrialRow,
  { row, live }: { readonly row: SearchRow; readonly live: LiveTrial | null },
): TrialInfo {
  const validations = validationsOf(trial)
  const best = bestUpTo(validations, row.objective)
  const now = live?.number === trial.number && trial.status === 'running' ? live : trial
  return {
    number: trial.number,
    values: valuesOf(trial),
    status: trial.status,
    bestValue: best?.value ?? null,
    bestStep: best?.step ?? null,
    step: now.step,
    steps: now.steps,
    seconds: now.seconds,
    validations,
    error: trial.error === null ? null : (JSON.parse(trial.error) as ErrorValue),
    chosenRunId: trial.chosen_run_id,
  }
}

/** By the mean time of the trials that were trained to their end. */
function secondsLeft(trials: readonly TrialInfo[]): number | null {
  const whole = trials.filter(({ status }) => status === 'finished')
  if (whole.length === 0) return null
  const mean = whole.reduce((sum, { seconds }) => sum + seconds, 0) / whole.length
  return trials.reduce((left, trial) => {
    if (trial.status === 'waiting') return left + Math.max(0, mean - trial.seconds)
    if (trial.status !== 'running') return left
    const share = trial.steps > 0 ? trial.step / trial.steps : 0
    return left + mean * (1 - share)
  }, 0)
}

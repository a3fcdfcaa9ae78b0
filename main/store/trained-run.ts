import type { Reader } from './connection.ts'

/** A run as its row has it: what comparing, asking and exporting need to know of it. */
export interface TrainedRun {
  readonly id: string
  readonly projectId: string
  readonly name: string
  readonly status: string
  /** The run's own folder. */
  readonly folder: string
  /** The base model's folder and name when the run began. */
  readonly modelFolder: string
  readonly modelName: string
  /** The adapter's folder, or the model's where every weight was trained; null before there is one. */
  readonly outcome: string | null
  readonly settings: Readonly<Record<string, unknown>>
  /** Settings that differ from the defaults. */
  readonly changed: Readonly<Record<string, unknown>>
  readonly splits: Readonly<Record<string, number>>
  readonly createdAt: number
  readonly startedAt: number | null
  readonly endedAt: number | null
  readonly step: number
  readonly steps: number
  readonly stopped: string | null
  /** What the run reported beside its scores. */
  readonly facts: Readonly<Record<string, unknown>>
}

interface RunRow {
  readonly id: string
  readonly project_id: string
  readonly name: string
  readonly status: string
  readonly folder: string
  readonly model_folder: string
  readonly model_name: string
  readonly outcome: string | null
  readonly settings: string
  readonly changed: string
  readonly splits: string
  readonly created_at: number
  readonly started_at: number | null
  readonly ended_at: number | null
  readonly step: number
  readonly steps: number
  readonly stopped: string | null
  readonly facts: string
}

/** Reads a run; null where there is none of this id. */
export async function readTrainedRun(store: Reader, runId: string): Promise<TrainedRun | null> {
  const row = await store.get<RunRow>('SELECT * FROM run WHERE id = ?', runId)
  if (!row) return null
  return {
    id: row.id,
    projectId: row.project_id,
    name: row.name,
    status: row.status,
    folder: row.folder,
    modelFolder: row.model_folder,
    modelName: row.model_name,
    outcome: row.outcome,
    settings: parsed(row.settings),
    changed: parsed(row.changed),
    splits: parsed(row.splits),
    createdAt: row.created_at,
    startedAt: row.started_at,
    endedAt: row.ended_at,
    step: row.step,
    steps: row.steps,
    stopped: row.stopped,
    facts: parsed(row.facts),
  }
}

/** The columns are written as JSON objects by this app alone. */
function parsed<T>(text: string): Readonly<Record<string, T>> {
  return JSON.parse(text) as Record<string, T>
}

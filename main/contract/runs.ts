/** Training runs, as plain data. */
import type { InspectAdapterResult, Scores, SettingInfo, TrainResult } from '../../trainer/protocol.ts'
import type { ErrorValue } from './errors.ts'

/**
 * queued → starting → running → finished; running → pausing → paused → queued …; running → stopping → kept;
 * `failed`: ended by an error or a crash; `interrupted`: the app went while it ran. Paused, failed and interrupted
 * runs can be resumed where a checkpoint is there.
 */
export const runStatuses = [
  'queued',
  'starting',
  'running',
  'pausing',
  'paused',
  'stopping',
  'finished',
  'failed',
  'interrupted',
] as const
export type RunStatus = (typeof runStatuses)[number]

export interface RunInfo {
  readonly id: string
  readonly projectId: string
  readonly name: string
  readonly status: RunStatus
  readonly modelId: string | null
  readonly modelName: string
  readonly createdAt: number
  readonly startedAt: number | null
  readonly endedAt: number | null
  readonly step: number
  readonly steps: number
  /** Why it failed; null where it did not. */
  readonly error: ErrorValue | null
  /** True where it can be gone on with. */
  readonly resumable: boolean
  readonly before: Scores | null
  readonly after: Scores | null
  /** How it ended: `finished`, `early-stopping`, `kept`. */
  readonly stopped: TrainResult['stopped'] | null
  /** True where there is an adapter or a model to use. */
  readonly usable: boolean
  /** The folder that an adapter was brought in from; absent for what was trained here. */
  readonly importedFrom?: string
  readonly folder: string
  /** Settings that differ from the defaults. */
  readonly changed: Readonly<Record<string, unknown>>
}

/** What is in an adapter of elsewhere that fits a model. */
export type AdapterInfo = Omit<InspectAdapterResult, 'type' | 'kind' | 'settings'>

export interface RunDetail extends RunInfo {
  readonly settings: Readonly<Record<string, unknown>>
  readonly splits: { readonly train: number; readonly validation: number; readonly test: number }
  readonly tokensPerSecond: number | null
  readonly peakMemoryMb: number | null
  readonly bestStep: number | null
  /** The step of the newest checkpoint; 0 where there is none and resuming begins anew. */
  readonly checkpointStep: number
  readonly trainableParameters: number | null
  readonly totalParameters: number | null
}

export interface StepPoint {
  readonly step: number
  readonly loss: number
  readonly learningRate: number
  readonly gradNorm: number
  readonly tokensPerSecond: number
  readonly processorPercent: number
  readonly memoryMb: number
}

export interface ValidationPoint {
  readonly step: number
  readonly loss: number
  readonly f1: number | null
  readonly exactMatch: number | null
  readonly best: boolean
}

export interface LogLine {
  readonly at: number
  readonly level: 'info' | 'warning' | 'error'
  readonly text: string
}

/** The course of a run so far, thinned to a number of points. */
export interface RunSeries {
  /** Steps that were recorded; `points` may be fewer. */
  readonly recorded: number
  readonly points: readonly StepPoint[]
  readonly validations: readonly ValidationPoint[]
}

export type RunPhase =
  | 'queued'
  | 'loading'
  | 'preparing'
  | 'scoring-before'
  | 'training'
  | 'validating'
  | 'saving'
  | 'scoring-after'
  | 'ended'

/** Where a run stands now. */
export interface RunProgress {
  readonly phase: RunPhase
  /** Within the phase, where it counts something. */
  readonly done: number
  readonly total: number
  readonly step: number
  readonly steps: number
  readonly epoch: number
  readonly epochs: number
  readonly elapsedSeconds: number
  /** Null until the estimate is stable. */
  readonly secondsLeft: number | null
  readonly tokensPerSecond: number
  readonly processorPercent: number
  readonly memoryMb: number
  /** Runs that wait before this one. */
  readonly ahead: number
}

/** What `runs.watch` streams: first all there is, then what is new, at most ten times a second. */
export type RunUpdate =
  | {
      readonly kind: 'snapshot'
      readonly run: RunDetail
      readonly progress: RunProgress
      readonly series: RunSeries
      readonly log: readonly LogLine[]
    }
  | {
      readonly kind: 'news'
      /** Null where nothing of the run's own row changed. */
      readonly run: RunDetail | null
      readonly progress: RunProgress
      readonly points: readonly StepPoint[]
      readonly validations: readonly ValidationPoint[]
      readonly log: readonly LogLine[]
    }

export interface Preset {
  readonly id: string
  readonly name: string
  readonly description: string
  /** True for the one that fits the size of the project's data. */
  readonly recommended: boolean
  readonly settings: Readonly<Record<string, unknown>>
}

export interface SettingsForm {
  readonly settings: readonly SettingInfo[]
  readonly presets: readonly Preset[]
}

export interface ReadinessRequest {
  readonly projectId: string
  readonly modelId: string | null
  readonly settings: Readonly<Record<string, unknown>>
}

export interface Readiness {
  readonly ready: boolean
  /** What is missing, as sentences with the step to go to. */
  readonly problems: readonly { readonly message: string; readonly step: 'data' | 'model' | 'train' }[]
  /** What is not forbidden but should be known: a context beyond the window, few examples. */
  readonly warnings: readonly string[]
  readonly examples: { readonly train: number; readonly validation: number; readonly test: number }
  readonly batchSize: number
  readonly steps: number | null
  readonly epochs: number
  readonly device: string
  readonly memory: {
    readonly neededMb: number | null
    readonly freeMb: number
    readonly totalMb: number
    readonly verdict: 'fits' | 'tight' | 'too-much' | 'unknown'
  }
  /** Measured by a few real steps before (`runs.estimate`), kept for the same model, data and settings. */
  readonly time: Estimate | null
}

export interface Estimate {
  readonly steps: number
  readonly secondsPerStep: number
  readonly secondsTraining: number
  readonly secondsScoring: number
  readonly totalSeconds: number
  readonly memoryMb: number
  readonly trainableParameters: number
  readonly totalParameters: number
  readonly measuredAt: number
}

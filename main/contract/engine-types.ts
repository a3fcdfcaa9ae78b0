/** The plain data that hosts and services exchange; results and reports are the trainer's own. */
import type { Report, TrainingDataset } from '../../trainer/protocol.ts'

export type {
  AnswerColumn,
  AnswerReport,
  AnswerRequest,
  AnswerSettings,
  AskResult,
  Comparison,
  DataReport,
  DoctorResult,
  EvaluateResult,
  ExportOnnxResult,
  InspectAdapterResult,
  Phase,
  PredictResult,
  ProviderCheck,
  Report,
  Result,
  Scores,
  ScoreResult,
  SettingInfo,
  Settings,
  StepReport,
  TextUsage,
  TrainingDataset,
  TrainResult,
  ValidationReport,
  WrittenReport,
} from '../../trainer/protocol.ts'

/**
 * Where settings come from; later ones win: the file, then the values, then the assignments. What none names
 * has its default.
 */
export interface SettingsSource {
  /** A JSON file with settings by name, or the `settings.json` of a run folder. */
  readonly file: string | null
  readonly values: Readonly<Record<string, unknown>>
  /** `name=value` as a command line gives them. */
  readonly assignments: readonly string[]
}

/** A file of held-out questions, scored before and after the training under its own name. */
export interface TestSet {
  readonly name: string
  readonly data: string
}

export interface StartRunRequest {
  readonly model: string
  readonly datasets: readonly TrainingDataset[]
  /** A file that is used as the validation split; null holds out a part of each dataset. */
  readonly validation: string | null
  readonly tests: readonly TestSet[]
  /** The folder in which the run's folder is made. */
  readonly out: string
  /** The last part of the run folder's name. */
  readonly name: string
  readonly settings: SettingsSource
}

export interface ResumeRunRequest {
  readonly resume: string
}

export type TrainRequest = StartRunRequest | ResumeRunRequest

export interface EvaluateRequest {
  readonly model: string
  readonly adapter: string | null
  readonly data: string
  readonly settings: SettingsSource
}

export interface PredictRequest extends EvaluateRequest {
  readonly out: string
}

/** What exported weights may be stored as. */
export const weightTypes = ['F32', 'F16'] as const

export interface ExportOnnxRequest {
  readonly model: string
  /** An adapter that is merged in, or null. */
  readonly adapter: string | null
  /** A folder that does not exist yet. */
  readonly out: string
  readonly dtype: (typeof weightTypes)[number]
}

export interface InspectAdapterRequest {
  readonly model: string
  readonly adapter: string
}

export interface AskRequest {
  readonly model: string
  readonly adapter: string | null
  readonly question: string
  readonly context: string
  readonly settings: SettingsSource
}

export interface ScoreRequest {
  readonly data: string
  readonly predictions: string
}

/** The first event of a training run: its folder, and what it trains on. */
export interface RunStarted {
  readonly type: 'run'
  readonly runDir: string
  readonly resumed: boolean
  readonly model: string
  readonly settings: Readonly<Record<string, unknown>>
}

export type RunEvent = RunStarted | Report

/** What a host sends to a trainer process. */
import type { ExampleForm } from './data/example.ts'
import type { AnswerSettingName, Settings } from './settings.ts'

/** A file to train on, by a name under which its scores are told. */
export interface TrainingDataset {
  readonly name: string
  readonly data: string
  /**
   * How many times an epoch goes through it: 1 for every example once, 2 for twice, 0.5 for every other one, the rest
   * in the next epoch.
   */
  readonly weight: number
}

export interface TrainCommand {
  readonly kind: 'train'
  readonly model: string
  /** At least one. */
  readonly datasets: readonly TrainingDataset[]
  /** A file that is used as the validation split; null holds out a part of each dataset. */
  readonly validation: string | null
  /** Files scored before and after the training, each under its own name. */
  readonly tests: readonly { readonly name: string; readonly data: string }[]
  readonly runDir: string
  readonly settings: Settings
  /** True to go on from the newest whole checkpoint in `runDir`. */
  readonly resume: boolean
}

export interface EvaluateCommand {
  readonly kind: 'evaluate'
  readonly model: string
  readonly adapter: string | null
  readonly data: string
  readonly settings: Settings
}

export interface PredictCommand {
  readonly kind: 'predict'
  readonly model: string
  readonly adapter: string | null
  readonly data: string
  readonly out: string
  readonly settings: Settings
}

export interface AskCommand {
  readonly kind: 'ask'
  readonly model: string
  readonly adapter: string | null
  /** `qa` where it is left out; of a task the question is the instruction and the context its input, or empty. */
  readonly form?: ExampleForm
  readonly question: string
  readonly context: string
  readonly settings: Settings
}

export interface ScoreCommand {
  readonly kind: 'score'
  readonly data: string
  readonly predictions: string
}

export interface DoctorCommand {
  readonly kind: 'doctor'
}

/** Checks one execution provider, in a process of its own: a driver may take it with it. */
export interface CheckProviderCommand {
  readonly kind: 'check-provider'
  readonly provider: Settings['provider']
}

/** Runs a few real steps and answers, and says how long a whole run with this model, data and settings takes. */
export interface EstimateCommand extends Pick<
  TrainCommand,
  'model' | 'datasets' | 'validation' | 'tests' | 'settings'
> {
  readonly kind: 'estimate'
}

/** Writes the Hugging Face folder `out`: the base model with the adapter multiplied into its weights. */
export interface MergeCommand {
  readonly kind: 'merge'
  readonly model: string
  readonly adapter: string
  /** A folder that does not exist yet. */
  readonly out: string
}

/** Writes the folder `out`: ONNX models as Optimum and Transformers.js run them, one file of weights, the tokenizer. */
export interface ExportOnnxCommand {
  readonly kind: 'export-onnx'
  readonly model: string
  /** An adapter's folder, which is merged in; null exports the model as it is. */
  readonly adapter: string | null
  /** A folder that does not exist yet. */
  readonly out: string
  /** What the weights are stored as; computed is in F32 either way. */
  readonly dtype: 'F32' | 'F16'
}

/** Says what is in an adapter, and whether it fits a model. */
export interface InspectAdapterCommand {
  readonly kind: 'inspect-adapter'
  readonly model: string
  readonly adapter: string
}

/** Stays and answers `RequestMessage`s, one after another, until a `StopMessage`. */
export interface ServeCommand {
  readonly kind: 'serve'
  /** What a request does not say otherwise; `threads` and `provider` hold for all of them. */
  readonly settings: Settings
}

export type Command =
  | TrainCommand
  | EvaluateCommand
  | PredictCommand
  | AskCommand
  | ScoreCommand
  | DoctorCommand
  | CheckProviderCommand
  | EstimateCommand
  | MergeCommand
  | ExportOnnxCommand
  | InspectAdapterCommand
  | ServeCommand

/**
 * Sent while a command runs: save a checkpoint and end. With `keep`, a training run that has done a step ends as
 * an early stop does: its best adapter is saved and scored.
 */
export interface StopMessage {
  readonly kind: 'stop'
  readonly keep?: boolean
}

/** The settings that a request may choose anew. */
export type AnswerSettings = Partial<Pick<Settings, AnswerSettingName>>

/**
 * One question about one or more contexts, for one or more models side by side. Of a task (`form`) the question is
 * the instruction and the contexts are inputs; without any it is done once, from memory.
 */
export interface AnswerRequest {
  readonly model: string
  /** One column each: an adapter's folder, or null for the base model. */
  readonly adapters: readonly (string | null)[]
  /** `qa` where it is left out. */
  readonly form?: ExampleForm
  readonly question: string
  readonly contexts: readonly string[]
  readonly settings: AnswerSettings
}

/** Prompts as they are, each to be continued by a text; what does not fit the model's window is cut at its end. */
export interface WriteRequest {
  readonly model: string
  /** An adapter's folder, or null for the base model. */
  readonly adapter: string | null
  readonly prompts: readonly string[]
  /** `maxTargetLength` is the most tokens of a text, `numBeams` the beams. */
  readonly settings: AnswerSettings
}

export type ServedRequest =
  (AnswerRequest & { readonly kind: 'answer' }) | (WriteRequest & { readonly kind: 'write' })

/**
 * To a trainer that serves: an `answer` is answered by `AnswerTokenReport`s and one `AnswerReport`, a `write` by one
 * `WrittenReport`, and either by a `RequestErrorReport` where it fails.
 */
export interface RequestMessage {
  readonly kind: 'request'
  readonly id: string
  readonly request: ServedRequest
}

/** Takes a request back, whether it waits or is being answered: it ends with the error `cancelled`. */
export interface CancelMessage {
  readonly kind: 'cancel'
  readonly id: string
}

export type HostMessage = Command | StopMessage | RequestMessage | CancelMessage

/**
 * What the host says to a trainer process, and what the trainer reports: the only file of the trainer, beside
 * `data/`, that `main/` knows. A trainer takes one command, reports while it works, ends with one `result` or
 * `error`, and exits.
 */
import type { Problem } from './data/example.ts'
import type { ErrorValue } from './errors.ts'
import type { Settings } from './settings.ts'

export { TrainerError, toErrorValue, trainerErrorCodes } from './errors.ts'
export type { ErrorDetails, ErrorValue, TrainerErrorCode } from './errors.ts'
export { nearestName } from './nearest-name.ts'
export { describeSettings, parseAssignment, parseSettings, settingNames } from './settings.ts'
export type { SettingInfo, SettingName, Settings } from './settings.ts'

export interface TrainCommand {
  readonly kind: 'train'
  readonly model: string
  readonly data: string
  /** A file that is used as the validation split; null splits `data`. */
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

export type Command =
  TrainCommand | EvaluateCommand | PredictCommand | AskCommand | ScoreCommand | DoctorCommand

/** Sent while a command runs: save a checkpoint and end. */
export interface StopMessage {
  readonly kind: 'stop'
}

/** Scores in percent, over `count` questions. */
export interface Scores {
  readonly exactMatch: number
  readonly f1: number
  readonly rougeL: number
  readonly count: number
}

export type Phase =
  'loading' | 'preparing' | 'scoring-before' | 'training' | 'validating' | 'scoring-after' | 'saving'

export interface PhaseReport {
  readonly type: 'phase'
  readonly phase: Phase
}

/** What was read from a file, and how the examples were turned into windows. */
export interface DataReport {
  readonly type: 'data'
  readonly name: string
  readonly path: string
  readonly records: number
  readonly examples: number
  readonly dropped: number
  readonly mended: number
  readonly problems: readonly Problem[]
}

export interface PreparedReport {
  readonly type: 'prepared'
  readonly trainExamples: number
  readonly validationExamples: number
  readonly windows: number
  /** Windows of long contexts that hold no answer and are left out of training. */
  readonly windowsLeftOut: number
  readonly answersCut: number
  /** Questions that were cut, to leave a quarter of the window to the context. */
  readonly questionsCut: number
  readonly steps: number
  readonly epochs: number
  readonly trainableParameters: number
  readonly totalParameters: number
}

export interface StepReport {
  readonly type: 'step'
  readonly step: number
  readonly steps: number
  readonly epoch: number
  readonly loss: number
  readonly learningRate: number
  readonly gradNorm: number
  /** Real tokens (source and target, no padding) a second, over the last steps. */
  readonly tokensPerSecond: number
  readonly elapsedSeconds: number
  /** Null until the estimate is stable. */
  readonly secondsLeft: number | null
  readonly rssMb: number
}

export interface ValidationReport {
  readonly type: 'validation'
  readonly step: number
  readonly loss: number
  /** Null where the validation measures the loss alone. */
  readonly scores: Scores | null
  readonly best: boolean
}

export interface CheckpointReport {
  readonly type: 'checkpoint'
  readonly step: number
  readonly path: string
}

export interface ProgressReport {
  readonly type: 'progress'
  readonly phase: Phase
  readonly done: number
  readonly total: number
}

/** Streamed pieces of an answer (`ask`). */
export interface TokenReport {
  readonly type: 'token'
  readonly text: string
}

/** One held-out question with the base model's answer, the tuned model's, and the accepted ones. */
export interface Comparison {
  readonly id: string
  readonly set: string
  readonly question: string
  readonly base: string
  readonly tuned: string
  readonly gold: readonly string[]
  /** Whether each answer is an exact match, as the scores count it. */
  readonly baseRight: boolean
  readonly tunedRight: boolean
}

export interface TrainResult {
  readonly type: 'result'
  readonly kind: 'train'
  readonly runDir: string
  readonly adapter: string
  readonly stopped: 'finished' | 'early-stopping' | 'cancelled'
  readonly step: number
  readonly steps: number
  readonly bestStep: number
  readonly seconds: number
  readonly tokensPerSecond: number
  readonly peakRssMb: number
  /** Over all test sets together; null where there is none or the run was cancelled. */
  readonly before: Scores | null
  readonly after: Scores | null
  readonly tests: readonly { readonly name: string; readonly before: Scores; readonly after: Scores }[]
  readonly comparisons: readonly Comparison[]
}

export interface EvaluateResult {
  readonly type: 'result'
  readonly kind: 'evaluate'
  readonly scores: Scores
  /** The official SQuAD 2.0 figures. */
  readonly squad: Readonly<Record<string, number>>
  readonly rouge: { readonly rouge1: number; readonly rouge2: number; readonly rougeL: number }
  readonly loss: number
  readonly seconds: number
}

export interface PredictResult {
  readonly type: 'result'
  readonly kind: 'predict'
  readonly out: string
  readonly count: number
  readonly seconds: number
}

export interface AskResult {
  readonly type: 'result'
  readonly kind: 'ask'
  readonly answer: string
  readonly unanswerable: boolean
  /** Mean log-probability of the answer's tokens. */
  readonly score: number
  readonly windows: number
  /** True where the question was too long for the model's window and was cut at its end. */
  readonly questionCut: boolean
  readonly seconds: number
}

export interface ScoreResult {
  readonly type: 'result'
  readonly kind: 'score'
  /** exact, f1, total, HasAns_* and NoAns_*, as the official script prints them. */
  readonly squad: Readonly<Record<string, number>>
  /** Questions for which the predictions hold no answer. */
  readonly missing: number
}

export interface ProviderCheck {
  readonly provider: string
  readonly available: boolean
  /** Relative L2 error of the gradients against the reference; null where nothing ran. */
  readonly gradientError: number | null
  readonly stepMs: number | null
  readonly message: string
}

export interface DoctorResult {
  readonly type: 'result'
  readonly kind: 'doctor'
  readonly versions: Readonly<Record<string, string>>
  readonly processor: string
  readonly cores: number
  readonly memoryMb: number
  readonly freeMemoryMb: number
  readonly providers: readonly ProviderCheck[]
}

export type Result = TrainResult | EvaluateResult | PredictResult | AskResult | ScoreResult | DoctorResult

export interface ErrorReport {
  readonly type: 'error'
  readonly error: ErrorValue
}

export type Report =
  | PhaseReport
  | DataReport
  | PreparedReport
  | StepReport
  | ValidationReport
  | CheckpointReport
  | ProgressReport
  | TokenReport
  | Result
  | ErrorReport

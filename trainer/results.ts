/** What a command ends with. */
import type { MetricName, TaskKind } from './data/tasks.ts'
import type { Settings } from './settings.ts'

/** The metrics of one kind of task over `count` examples, in percent; which they are, its table says. */
export interface TaskScores {
  readonly task: TaskKind
  readonly count: number
  readonly values: Readonly<Partial<Record<MetricName, number>>>
}

/** Scores in percent, over `count` questions. */
export interface Scores {
  readonly exactMatch: number
  readonly f1: number
  readonly rougeL: number
  readonly count: number
  /** Each task by itself; left out where all are questions about passages, for which the three above are made. */
  readonly tasks?: readonly TaskScores[]
}

/** One held-out question with the base model's answer, the tuned model's, and the accepted ones. */
export interface Comparison {
  readonly id: string
  readonly set: string
  /** `question-answering` where it is left out. */
  readonly task?: TaskKind
  /** Of a task the instruction. */
  readonly question: string
  /** Of a task the beginning of its input; left out where there is none. */
  readonly input?: string
  readonly base: string
  readonly tuned: string
  /** Empty where the question is unanswerable. */
  readonly gold: readonly string[]
  /** Whether each answer is right by the rule of its task: an exact match, the right label, or near enough. */
  readonly baseRight: boolean
  readonly tunedRight: boolean
  /** F1 in percent, the best over the accepted answers. */
  readonly baseF1: number
  readonly tunedF1: number
  /** Whether each model called the question unanswerable. */
  readonly baseUnanswerable: boolean
  readonly tunedUnanswerable: boolean
  /**
   * What each answer adds to the metrics of its task, beside exact match and F1: see `Statistics` of the metrics. Left
   * out where there are no others.
   */
  readonly statistics?: Readonly<Partial<Record<MetricName, AnswerStatistics>>>
}

export interface AnswerStatistics {
  readonly base: readonly number[]
  readonly tuned: readonly number[]
}

export interface TrainResult {
  readonly type: 'result'
  readonly kind: 'train'
  readonly runDir: string
  readonly adapter: string
  /** `kept`: stopped by the person, the best adapter saved and scored. */
  readonly stopped: 'finished' | 'early-stopping' | 'kept' | 'cancelled'
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
  /** Of the plain texts in the data; absent where there are none. */
  readonly perplexity?: number
  readonly seconds: number
}

export interface PredictResult {
  readonly type: 'result'
  readonly kind: 'predict'
  readonly out: string
  /** Where a model that marks answers wrote how likely each question has none. */
  readonly noAnswerOut?: string
  readonly count: number
  readonly seconds: number
}

/** What a text has cost, in tokens. */
export interface TextUsage {
  /** Tokens that were read. */
  readonly promptTokens: number
  /** Tokens that were written, the end mark left out. */
  readonly textTokens: number
  /** False where `maxTargetLength` cut the text off. */
  readonly finished: boolean
}

/** A stretch of a context that may be the answer, in Unicode code points. */
export interface SpanAlternative {
  readonly text: string
  readonly start: number
  readonly end: number
  /** Among the best spans and, where the model knows of it, that there is no answer. */
  readonly probability: number
}

export interface AskResult {
  readonly type: 'result'
  readonly kind: 'ask'
  readonly answer: string
  readonly unanswerable: boolean
  /** Mean log-probability of the answer's tokens; of a marked answer its log-probability. */
  readonly score: number
  /** Of a model that marks answers: the best spans, best first, whether or not one of them is the answer. */
  readonly alternatives?: readonly SpanAlternative[]
  readonly windows: number
  /** True where the question was too long for the model's window and was cut at its end. */
  readonly questionCut: boolean
  /** True where the input of a task was cut to the model's window. */
  readonly inputCut: boolean
  readonly seconds: number
}

/** What a run would take, from a few of its steps and answers on this machine. */
export interface EstimateResult {
  readonly type: 'result'
  readonly kind: 'estimate'
  readonly steps: number
  readonly stepsPerEpoch: number
  readonly trainExamples: number
  readonly validationExamples: number
  /** Questions of all test sets together. */
  readonly testExamples: number
  readonly windows: number
  readonly validations: number
  readonly secondsPerStep: number
  readonly secondsPerValidation: number
  /** Answering the test sets, before and after together. */
  readonly secondsScoring: number
  /** Opening the model, reading the data and loading the graphs. */
  readonly secondsLoading: number
  readonly totalSeconds: number
  /** Memory that the run is expected to need at its peak: a formula, to be had before anything is loaded. */
  readonly memoryMb: number
  /** The most memory that was measured while estimating; the largest batch was among the steps. */
  readonly peakRssMb: number
  readonly trainableParameters: number
  readonly totalParameters: number
  /** What the estimate itself took. */
  readonly seconds: number
}

export interface MergeResult {
  readonly type: 'result'
  readonly kind: 'merge'
  readonly out: string
  /** Weight tensors written, and how many of them the adapter changed. */
  readonly tensors: number
  readonly merged: number
  readonly bytes: number
  readonly seconds: number
}

/** What is in an adapter that fits a model. */
export interface InspectAdapterResult {
  readonly type: 'result'
  readonly kind: 'inspect-adapter'
  /** The base model as the adapter names it. */
  readonly baseModel: string | null
  /** Adapted layers, and the last names of their paths. */
  readonly layers: number
  readonly modules: readonly string[]
  /** The ranks that occur, ascending. */
  readonly ranks: readonly number[]
  readonly dora: boolean
  /** Parameters of the base that it has values of its own for. */
  readonly savedModules: readonly string[]
  /** Values that it holds, and those of the model. */
  readonly parameters: number
  readonly modelParameters: number
  /** What would have trained it here, as far as it says. */
  readonly settings: Settings
  /** What in it has no effect, in sentences. */
  readonly notes: readonly string[]
}

export interface ExportOnnxResult {
  readonly type: 'result'
  readonly kind: 'export-onnx'
  readonly out: string
  /** The files written, by their paths below `out`. */
  readonly files: readonly { readonly name: string; readonly bytes: number }[]
  readonly bytes: number
  readonly seconds: number
}

export interface ServeResult {
  readonly type: 'result'
  readonly kind: 'serve'
  /** Requests that were answered. */
  readonly answered: number
}

export interface ScoreResult {
  readonly type: 'result'
  readonly kind: 'score'
  /** exact, f1, total, HasAns_* and NoAns_*, as the official script prints them. */
  readonly squad: Readonly<Record<string, number>>
  /** Questions for which the predictions hold no answer. */
  readonly missing: number
}

/**
 * What the check of an execution provider found: right gradients; wrong ones; an error of the runtime or the driver; a
 * process that ended, or that no longer said anything; a provider that this build of ONNX Runtime lacks.
 */
export type ProviderStatus = 'right' | 'wrong' | 'failed' | 'crashed' | 'hung' | 'absent'

export interface ProviderCheck {
  readonly provider: Settings['provider']
  readonly status: ProviderStatus
  /** Whether it is offered: its gradients are right. */
  readonly available: boolean
  /** Whether they are with frozen weights in float16, too. */
  readonly float16: boolean
  /** Relative error of the gradients against the reference, the largest of all steps; null where none ended. */
  readonly gradientError: number | null
  /** Milliseconds of a step of some size, by which providers are compared; null where none was measured. */
  readonly stepMs: number | null
  readonly message: string
}

export interface CheckProviderResult {
  readonly type: 'result'
  readonly kind: 'check-provider'
  readonly check: ProviderCheck
}

export interface DoctorResult {
  readonly type: 'result'
  readonly kind: 'doctor'
  readonly versions: Readonly<Record<string, string>>
  readonly processor: string
  readonly cores: number
  readonly memoryMb: number
  readonly freeMemoryMb: number
  /** Of the trainer those that need no driver; the host adds the others. */
  readonly providers: readonly ProviderCheck[]
}

export type Result =
  | TrainResult
  | EvaluateResult
  | PredictResult
  | AskResult
  | ScoreResult
  | DoctorResult
  | CheckProviderResult
  | EstimateResult
  | MergeResult
  | ExportOnnxResult
  | InspectAdapterResult
  | ServeResult

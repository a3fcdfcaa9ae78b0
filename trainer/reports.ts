/** What a trainer process sends while it works. */
import type { Problem } from './data/example.ts'
import type { ErrorValue } from './errors.ts'
import type { Result, Scores, SpanAlternative, TextUsage } from './results.ts'

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
  /** Inputs of tasks that were cut to the model's window. */
  readonly inputsCut: number
  readonly steps: number
  readonly epochs: number
  readonly trainableParameters: number
  readonly totalParameters: number
  /** Blocks below all that is trained, which are computed once for each example and kept. */
  readonly frozenBlocks: number
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
  /** Processor time of the trainer since the last step; 100 is one processor. */
  readonly processorPercent: number
}

export interface ValidationReport {
  readonly type: 'validation'
  readonly step: number
  readonly loss: number
  /** Of the plain texts among what is validated on: exp(loss) over their tokens; absent where there are none. */
  readonly perplexity?: number
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

/** The check of an execution provider is about to try a step; what happens to the process then happened in it. */
export interface ProviderCaseReport {
  readonly type: 'provider-case'
  readonly provider: string
  readonly name: string
  readonly done: number
  readonly total: number
}

/** The scores of the base model (`before`) or of the tuned one (`after`), as soon as they are known. */
export interface ScoredReport {
  readonly type: 'scored'
  readonly when: 'before' | 'after'
  /** Over all test sets together; null where there is none. */
  readonly scores: Scores | null
  readonly tests: readonly { readonly name: string; readonly scores: Scores }[]
}

/** What in an adapter that was read has no effect, in sentences. */
export interface NotesReport {
  readonly type: 'notes'
  readonly notes: readonly string[]
}

/** Streamed pieces of an answer (`ask`). */
export interface TokenReport {
  readonly type: 'token'
  readonly text: string
}

/**
 * Streamed pieces of the answer from a request's first context, one column after the other; of a write request with
 * one prompt the pieces of its text, as column 0.
 */
export interface AnswerTokenReport {
  readonly type: 'answer-token'
  readonly id: string
  readonly column: number
  readonly text: string
}

/** The answer that one context gave. */
export interface ContextAnswer {
  readonly text: string
  readonly unanswerable: boolean
  /** Mean log-probability of the answer's tokens; of a marked answer its log-probability. */
  readonly score: number
  /** Where the answer stands in the context, in code points; both null where it does not stand there. */
  readonly start: number | null
  readonly end: number | null
  /** Of a model that marks answers: the best spans, best first, whether or not one of them is the answer. */
  readonly alternatives?: readonly SpanAlternative[]
  readonly windows: number
  /** Absent where the model was not asked. */
  readonly usage?: TextUsage
}

export interface AnswerColumn {
  readonly adapter: string | null
  /** One for each context, in order. */
  readonly answers: readonly ContextAnswer[]
  /** The index of the best answer: of the best score among those that are not `unanswerable`, if there are any. */
  readonly best: number
  readonly seconds: number
}

export interface AnswerReport {
  readonly type: 'answer'
  readonly id: string
  readonly columns: readonly AnswerColumn[]
  /** True where the question was too long for the model's window and was cut at its end. */
  readonly questionCut: boolean
  /** True where the input of a task was cut to the model's window. */
  readonly inputCut: boolean
  readonly seconds: number
}

/** The texts that a write request asked for, one for each prompt, in order. */
export interface WrittenReport {
  readonly type: 'written'
  readonly id: string
  readonly texts: readonly {
    readonly text: string
    /** Mean log-probability of the text's tokens. */
    readonly score: number
    /** True where the prompt was cut at its end to the model's window. */
    readonly promptCut: boolean
    readonly usage?: TextUsage
  }[]
  readonly seconds: number
}

/** A request that failed or was cancelled; the trainer serves on. */
export interface RequestErrorReport {
  readonly type: 'request-error'
  readonly id: string
  readonly error: ErrorValue
}

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
  | ProviderCaseReport
  | ScoredReport
  | NotesReport
  | TokenReport
  | AnswerTokenReport
  | AnswerReport
  | WrittenReport
  | RequestErrorReport
  | Result
  | ErrorReport

/** Reports travel together, in order, at most about twenty times a second. */
export interface BatchReport {
  readonly type: 'batch'
  readonly reports: readonly Report[]
}

/** What a trainer process sends. */
export type TrainerMessage = Report | BatchReport

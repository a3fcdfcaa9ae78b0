/** Base and tuned answers side by side: scores with intervals, questions, chat and exports, as plain data. */
import type { MetricName, TaskKind } from '../../trainer/protocol.ts'

/** A metric over questions with its 95 % bootstrap interval, in percent. */
export interface Interval {
  readonly value: number
  readonly low: number
  readonly high: number
}

export interface ScoreTile {
  readonly task: TaskKind
  readonly metric: MetricName
  readonly before: Interval
  readonly after: Interval
  /** After minus before, over the same questions (paired bootstrap). */
  readonly difference: Interval
  /** `noise` where the interval of the difference holds zero, or there are fewer than six questions. */
  readonly verdict: 'better' | 'worse' | 'noise'
}

export const verdicts = ['fixed', 'broken', 'both-right', 'both-wrong'] as const
export type Verdict = (typeof verdicts)[number]

export interface CompareSummary {
  readonly runId: string
  readonly questions: number
  readonly counts: Readonly<Record<Verdict, number>>
  /** Of one kind of task all its metrics, the main one first; of several kinds the main one of each. */
  readonly tiles: readonly ScoreTile[]
  /** Each kind of task by itself, with all its metrics. */
  readonly tasks: readonly TaskSummary[]
  /** Each test set by itself. */
  readonly sets: readonly {
    readonly name: string
    readonly questions: number
    readonly tiles: readonly ScoreTile[]
  }[]
}

export interface TaskSummary {
  readonly task: TaskKind
  readonly questions: number
  readonly counts: Readonly<Record<Verdict, number>>
  readonly tiles: readonly ScoreTile[]
}

export interface CompareQuery {
  readonly runId: string
  readonly offset: number
  readonly limit: number
  readonly verdict: Verdict | null
  readonly search: string | null
  readonly set: string | null
  /** One kind of task alone; all where left out. */
  readonly task?: TaskKind | null
}

export interface CompareRow {
  readonly id: string
  readonly set: string
  readonly task: TaskKind
  /** Of a task the instruction. */
  readonly question: string
  /** Of a task the beginning of its input; null where there is none. */
  readonly input: string | null
  readonly base: string
  readonly tuned: string
  /** Accepted answers; none where the question has no answer in its passage. */
  readonly gold: readonly string[]
  readonly verdict: Verdict
  /** Percent. */
  readonly baseF1: number
  readonly tunedF1: number
  /** How near each answer comes, by the metric that its task has for a single one; in percent. */
  readonly nearness: { readonly metric: MetricName; readonly base: number; readonly tuned: number }
}

export interface CompareDetail extends CompareRow {
  /** Null where the example is no longer in the project. */
  readonly context: string | null
  /** Code points; null where there is no answer or no context. */
  readonly goldSpan: Span | null
  readonly baseSpan: Span | null
  readonly tunedSpan: Span | null
}

/** A stretch of a text, in Unicode code points, end exclusive. */
export interface Span {
  readonly start: number
  readonly end: number
}

/** Who answers: a model as it is (`runId` null), or with what a run has learnt. */
export interface Column {
  readonly runId: string | null
}

export interface AskRequest {
  readonly projectId: string
  /** The run whose base and tuned model answer; null asks the project's model alone. */
  readonly runId: string | null
  readonly question: string
  readonly context: string
  /** That of the project where left out; of a task the question is the instruction, and the context its input or empty. */
  readonly form?: 'qa' | 'task'
}

export type Side = 'base' | 'tuned'

/** Streamed while answers are made. */
export type AnswerEvent =
  | { readonly kind: 'passages'; readonly passages: readonly FoundPassage[] }
  | { readonly kind: 'loading' }
  | { readonly kind: 'token'; readonly side: Side; readonly text: string }
  | { readonly kind: 'answer'; readonly side: Side; readonly answer: SideAnswer }

export interface SideAnswer {
  readonly text: string
  readonly unanswerable: boolean
  /** Mean log-probability of the tokens; of a marked answer, or of there being none, its log-probability. */
  readonly score: number
  /** Which of the passages it came from: an index into the passages; null where it stands in none. */
  readonly passage: number | null
  /** Where it stands in that passage; null where it is not a stretch of it. */
  readonly span: Span | null
  readonly seconds: number
  /** Of a model that marks answers: the stretches of its best passage that it weighed, the likeliest first. */
  readonly alternatives?: readonly Alternative[]
  /** True where the model has not learnt to mark answers and was not asked. */
  readonly untaught?: true
}

/** A stretch of a passage that may be the answer, whether or not it was given. */
export interface Alternative {
  readonly text: string
  readonly span: Span
  /** Among all that was weighed, that there is no answer included; from 0 to 1. */
  readonly probability: number
}

/** Readings that are less likely are not worth showing. */
export const leastProbability = 0.0005

export interface AskResult {
  readonly base: SideAnswer
  /** Null where no run was named. */
  readonly tuned: SideAnswer | null
}

export interface FoundPassage {
  readonly passageId: number
  readonly sourceName: string
  readonly title: string
  readonly heading: readonly string[]
  readonly page: number | null
  readonly text: string
  /** BM25 as FTS5 gives it, turned so that more is better. */
  readonly score: number
}

export interface ChatSummary {
  readonly id: string
  readonly projectId: string
  readonly title: string
  readonly createdAt: number
  readonly updatedAt: number
  readonly messages: number
}

export interface ChatMessage {
  readonly id: number
  readonly at: number
  readonly question: string
  readonly runId: string | null
  readonly runName: string | null
  readonly modelName: string
  readonly passages: readonly FoundPassage[]
  readonly base: SideAnswer | null
  readonly tuned: SideAnswer | null
  /** Why nobody answered, as a sentence; null where somebody did. */
  readonly note: string | null
}

export interface Chat extends ChatSummary {
  readonly turns: readonly ChatMessage[]
}

export const exportKinds = ['adapter', 'merged', 'onnx', 'predictions', 'report'] as const
export type ExportKind = (typeof exportKinds)[number]

export interface ExportInfo {
  readonly id: string
  readonly projectId: string
  readonly runId: string
  readonly runName: string
  readonly kind: ExportKind
  /** The folder or file that was written. */
  readonly path: string
  readonly bytes: number
  readonly files: readonly string[]
  readonly createdAt: number
  /** False where it was moved or removed since. */
  readonly there: boolean
  /** True where it is a single file, which the web host can hand to the browser. */
  readonly singleFile: boolean
}

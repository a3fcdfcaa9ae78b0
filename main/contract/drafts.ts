/** Questions that the model drafts from documents, and their review, as plain data. */
import type { ExampleAnswer } from './examples.ts'

export const draftStates = ['waiting', 'kept', 'dropped'] as const
export type DraftState = (typeof draftStates)[number]

/** A question about a passage, drafted by a model and answered by it with the same words. */
export interface Draft {
  readonly id: number
  readonly passageId: number
  readonly passage: string
  readonly title: string
  readonly heading: readonly string[]
  readonly place: string
  readonly sourceName: string
  readonly question: string
  readonly answer: ExampleAnswer
  /** Mean log-probability per token of the model's own answer. */
  readonly score: number
  readonly modelName: string
  readonly state: DraftState
  /** True where the person changed the question or the answer. */
  readonly edited: boolean
}

export interface DraftRequest {
  readonly projectId: string
  readonly modelId: string
  /** A finished run whose adapter writes and answers; the model alone where null. */
  readonly runId: string | null
  /** Only passages of this source; all documents where null. */
  readonly sourceId: string | null
  /** At most so many questions. */
  readonly most: number
}

export interface DraftProgress {
  readonly passages: number
  readonly passagesTotal: number
  /** Questions that were written, and those of them that stood the check and wait for review. */
  readonly written: number
  readonly kept: number
  /** The newest one that was kept. */
  readonly latest: { readonly question: string; readonly answer: string } | null
}

export interface DraftResult {
  readonly passages: number
  readonly candidates: number
  readonly written: number
  readonly kept: number
  /** Why the others were not kept, with the number of each. */
  readonly refused: readonly { readonly reason: string; readonly count: number }[]
  readonly seconds: number
}

export interface DraftCounts {
  readonly waiting: number
  readonly kept: number
  readonly dropped: number
}

/** What the person decides on a draft: `back` puts it to the waiting ones again, whatever was decided. */
export type DraftVerdict = 'keep' | 'drop' | 'back'

/** Data of a project: examples, passages, problems and splits, as plain data. */
import type { ExampleRow, Measure } from './examples.ts'
import type { Mapping, HistogramBin, PassageText } from './imports.ts'
import type { SplitName } from './splits.ts'

export interface Source {
  readonly id: string
  readonly projectId: string
  readonly name: string
  readonly kind: 'dataset' | 'documents' | 'marked'
  readonly format: string
  readonly bytes: number
  readonly rows: number
  readonly examples: number
  readonly passages: number
  /** Rows that were left out and can perhaps be mended. */
  readonly rejected: number
  /** Rows that were mended on the way in. */
  readonly mended: number
  readonly mapping: Mapping | null
  readonly use: 'auto' | SplitName
  /** How many times an epoch of training goes through its examples. */
  readonly weight: number
  readonly importedAt: number
}

export interface DataSummary {
  readonly examples: number
  readonly answerable: number
  readonly unanswerable: number
  readonly groups: number
  readonly contexts: number
  readonly passages: number
  readonly sources: number
  readonly rejected: number
  readonly mended: number
  readonly splits: Readonly<Record<SplitName, number>>
  readonly histograms: Readonly<Record<Measure, readonly HistogramBin[]>>
  /** What a person should know before training: too little data, one group only, …; sentences. */
  readonly advice: readonly string[]
  readonly quality: DataQuality
}

/** How good the data are to learn from. */
export interface DataQuality {
  readonly verdict: 'empty' | 'too-little' | 'poor' | 'fair' | 'good'
  /** The verdict and its reason, in a sentence. */
  readonly reason: string
  /** Each with a sentence; the worst first. */
  readonly findings: readonly {
    readonly level: 'error' | 'warning' | 'note'
    readonly kind: string
    readonly count: number
    readonly message: string
  }[]
}

export interface ProblemGroup {
  readonly kind: string
  readonly title: string
  /** What it means and what the mend does. */
  readonly explanation: string
  /** Rows left out. */
  readonly rejected: number
  /** Rows that are used as they are, though something was found. */
  readonly flagged: number
  /** Rows mended on the way in, or by the person. */
  readonly mended: number
  /** Of the rows left out or flagged, those for which there is a proposal. */
  readonly mendable: number
  /** Of the rows mended, those whose mend can be taken back. */
  readonly undoable: number
}

/** What a mend does with a row. */
export const mendActions = [
  'answer', // takes the proposed stretch of the context as the answer
  'unanswerable', // keeps the question as one that its context does not answer
  'offset', // moves the answer to where it stands
  'text', // writes the texts anew: damaged characters, cut contexts
  'answers', // gives the question the answers of the others as well
  'leave-out', // leaves the row out
  'keep', // takes the row in as it is
] as const
export type MendAction = (typeof mendActions)[number]

export interface ProblemRow {
  readonly id: number
  readonly kind: string
  readonly sourceId: string
  readonly sourceName: string
  readonly where: string
  readonly message: string
  readonly status: 'rejected' | 'flagged' | 'mended' | 'mended-by-person' | 'ignored'
  readonly question: string | null
  /** The answer as the file gave it, the first where there are several; null where none was given or kept. */
  readonly given: string | null
  /** What the mend does or did; null where there is none. */
  readonly proposal: MendProposal | null
  /** The stretch of the context around the proposed answer, which begins at `start` in it (code points). */
  readonly excerpt?: { readonly text: string; readonly start: number } | null
  readonly undoable: boolean
}

export interface MendProposal {
  readonly action: MendAction
  /** The answer that the row has after it; empty for an unanswerable one; null where the action changes no answer. */
  readonly answer: string | null
  readonly start: number | null
  /** 0 to 1, how like the given answer the proposed one is, and by how many edits they differ; null where no such thing was compared. */
  readonly similarity: number | null
  readonly distance: number | null
  /** The text before and after, shortened to what changes; null where no text changes. */
  readonly before: string | null
  readonly after: string | null
}

export interface Passage extends PassageText {
  readonly id: number
  readonly sourceId: string
  readonly sourceName: string
  /** Questions that were marked in this passage. */
  readonly questions: readonly ExampleRow[]
}

export const datasetFormats = ['squad', 'jsonl', 'csv'] as const
export type DatasetFormat = (typeof datasetFormats)[number]

/** A dataset that was written to a file. */
export interface WrittenDataset {
  readonly path: string
  readonly bytes: number
  readonly examples: number
  /** Examples that the format cannot hold, with the reason. */
  readonly leftOut: number
  readonly note: string | null
}

export interface Page<Row> {
  readonly total: number
  readonly rows: readonly Row[]
}

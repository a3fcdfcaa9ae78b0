/** Data of a project: files, columns, examples, passages, problems and splits, as plain data. */

/** A file to read: a path on the host's machine, or what was uploaded to the web host. */
export type FileRef = { readonly path: string } | { readonly upload: string }

export const roles = ['id', 'context', 'question', 'answer', 'answerStart', 'isImpossible', 'title'] as const
export type Role = (typeof roles)[number]

/** Which column plays which role. */
export interface Mapping {
  readonly roles: Partial<Readonly<Record<Role, string>>>
}

export interface GuessedRole {
  readonly role: Role
  readonly column: string
  /** 0 to 1. */
  readonly confidence: number
  readonly reason: string
}

export interface HistogramBin {
  readonly from: number
  readonly to: number
  readonly label: string
  readonly count: number
}

export interface Column {
  readonly name: string
  readonly type: 'text' | 'number' | 'boolean' | 'list' | 'object' | 'empty'
  /** Rows of the sample in which the cell is not empty. */
  readonly filled: number
  readonly distinct: number
  /** Mean length in characters. */
  readonly meanLength: number
  readonly samples: readonly string[]
  /** Of the numbers themselves, or of the texts' lengths in words. */
  readonly histogram: readonly HistogramBin[]
}

export interface PreviewRow {
  /** `row 17`, `line 18`, `[17]`. */
  readonly where: string
  readonly cells: readonly string[]
  /** For each cell the number that its column's histogram counts; null where it counts none. */
  readonly measures: readonly (number | null)[]
}

/** One thing that a reader or check found. */
export interface FoundProblem {
  readonly kind: string
  readonly where: string
  readonly message: string
}

/** What a file is, before it is imported. */
export interface Inspection {
  readonly name: string
  readonly kind: 'dataset' | 'documents'
  readonly format: string
  readonly bytes: number
  readonly rows: number | null
  /** True where `rows` is extrapolated from the head of the file. */
  readonly rowsEstimated: boolean
  readonly columns: readonly Column[]
  readonly preview: readonly PreviewRow[]
  /** The proposed mapping; null where the form is known (SQuAD) or the file is a document. */
  readonly mapping: Mapping | null
  readonly guesses: readonly GuessedRole[]
  /** Required roles that no column was found for. */
  readonly missing: readonly Role[]
  readonly problems: readonly FoundProblem[]
  /** For documents: the first passages. */
  readonly passages: readonly PassageText[]
}

/** A piece of a document, before it is stored. */
export interface PassageText {
  readonly title: string
  readonly heading: readonly string[]
  readonly page: number | null
  /** `lines 12–40`. */
  readonly place: string
  readonly text: string
}

export const splitNames = ['train', 'validation', 'test'] as const
export type SplitName = (typeof splitNames)[number]

export interface ImportRequest {
  readonly projectId: string
  readonly file: FileRef
  /** The name to show; the file's own where null. */
  readonly name: string | null
  readonly mapping: Mapping | null
  /** A file that serves as one split as a whole; `auto` splits it with the others. */
  readonly use: 'auto' | SplitName
}

export interface ImportProgress {
  readonly bytesDone: number
  readonly bytesTotal: number
  readonly rows: number
  readonly examples: number
  readonly passages: number
}

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
  readonly importedAt: number
}

export interface ExampleAnswer {
  readonly text: string
  /** Unicode code points from the context's start. */
  readonly start: number
}

export interface ExampleRow {
  readonly id: number
  /** The id that the file gave. */
  readonly key: string
  readonly sourceId: string
  readonly sourceName: string
  readonly where: string
  readonly context: string
  readonly question: string
  readonly answers: readonly ExampleAnswer[]
  readonly isImpossible: boolean
  readonly group: string
  readonly split: SplitName
}

export interface ExampleQuery {
  readonly projectId: string
  readonly offset: number
  /** At most 500. */
  readonly limit: number
  readonly search: string | null
  readonly split: SplitName | null
  readonly sourceId: string | null
  /** Only examples whose measure lies in `from` ≤ x < `to`, as a histogram's bar says. */
  readonly range: { readonly measure: Measure; readonly from: number; readonly to: number } | null
}

export const measures = ['contextWords', 'questionWords', 'answerWords'] as const
export type Measure = (typeof measures)[number]

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
}

export interface ProblemGroup {
  readonly kind: string
  readonly title: string
  /** What it means and what the mend does. */
  readonly explanation: string
  /** Rows left out. */
  readonly rejected: number
  /** Rows mended on the way in, or by the person. */
  readonly mended: number
  /** Of the rows left out, those for which there is a proposal. */
  readonly mendable: number
}

export interface ProblemRow {
  readonly id: number
  readonly kind: string
  readonly sourceId: string
  readonly sourceName: string
  readonly where: string
  readonly message: string
  readonly status: 'rejected' | 'mended' | 'mended-by-person' | 'ignored'
  readonly question: string | null
  /** The answer as the file gave it, the first where there are several; null where none was given or kept. */
  readonly given: string | null
  /** What the mend would write, an empty answer for unanswerable; null where there is none. */
  readonly proposal: { readonly answer: string; readonly start: number; readonly similarity: number } | null
}

export interface Passage extends PassageText {
  readonly id: number
  readonly sourceId: string
  readonly sourceName: string
  /** Questions that were marked in this passage. */
  readonly questions: readonly ExampleRow[]
}

export interface Splits {
  readonly seed: number
  /** Shares of the examples without a split of their own, 0 to 0.5. */
  readonly validationFraction: number
  readonly testFraction: number
  readonly counts: Readonly<Record<SplitName, number>>
  readonly groups: Readonly<Record<SplitName, number>>
  /** What is kept together: documents or articles (group), or single contexts where there is one group. */
  readonly level: 'group' | 'context' | 'none'
}

export interface Page<Row> {
  readonly total: number
  readonly rows: readonly Row[]
}

/** Bringing data in: files, archives and web pages, columns and mappings, previews, as plain data. */
import type { TaskKind } from '../../trainer/protocol.ts'
import type { ExampleAnswer } from './examples.ts'
import type { SplitName } from './splits.ts'

/** A file to read: a path on the host's machine, or what was uploaded to the web host. */
export type FileRef = { readonly path: string } | { readonly upload: string }

/**
 * What rows become: questions whose answers are spans of a context (the SQuAD form), other tasks (instruction and
 * input in, target out; closed-book questions are tasks without an input), or passages like those of a document.
 */
export const forms = ['qa', 'task', 'passages'] as const
export type Form = (typeof forms)[number]

export const roles = [
  'id',
  'title',
  'context',
  'question',
  'answer',
  'answerStart',
  'isImpossible',
  'input',
  'instruction',
  'target',
  'text',
  'heading',
  'task',
] as const
export type Role = (typeof roles)[number]

/** The roles of each form, and those without which a row is nothing. */
export const formRoles = {
  qa: ['id', 'title', 'context', 'question', 'answer', 'answerStart', 'isImpossible'],
  task: ['task', 'id', 'title', 'instruction', 'input', 'target'],
  passages: ['title', 'heading', 'text'],
} as const satisfies Record<Form, readonly Role[]>
export const requiredRoles = {
  qa: ['context', 'question', 'answer'],
  task: ['instruction', 'target'],
  passages: ['text'],
} as const satisfies Record<Form, readonly Role[]>

/**
 * Where a role's value comes from. A text names a column, or a path into nested values: `meta.title`,
 * `answers[0].text`, `qas[].question` (every entry of the list: one row becomes one record per entry). A template
 * puts columns into a text: `question: {focus}: {qtype}`; `{{` and `}}` stand for braces.
 */
export type RoleSource = string | { readonly template: string } | { readonly constant: string }

/** How rows become records. Of tasks the role `task` says the kind, mostly as a constant. */
export interface Mapping {
  readonly form: Form
  readonly roles: Partial<Readonly<Record<Role, RoleSource>>>
}

/** A mapping that was kept under a name, to be offered when the same columns come back. */
export interface SavedMapping {
  readonly id: string
  readonly name: string
  /** The columns that the file had. */
  readonly columns: readonly string[]
  readonly mapping: Mapping
  readonly savedAt: number
}

/** How a document is cut into passages. */
export interface Chunking {
  /** Tokens that a passage should have, counted with the tokenizer of the project's model. */
  readonly tokens: number
  /** Tokens of the passage before that are repeated, in whole sentences. */
  readonly overlap: number
}

export interface GuessedRole {
  readonly role: Role
  readonly column: string
  /** 0 to 1. */
  readonly confidence: number
  readonly reason: string
}

/** The kind of task that columns were taken for, and why. */
export interface GuessedTask {
  readonly task: TaskKind
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
  /** Sheets of a workbook, lists of a JSON file: what of the file can be taken; empty where there is one table. */
  readonly tables: readonly string[]
  /** The one that this is about. */
  readonly table: string | null
  /** The proposed mapping; null where the form is known (SQuAD) or the file is a document. */
  readonly mapping: Mapping | null
  readonly guesses: readonly GuessedRole[]
  /** Mappings of other forms that the columns would do for as well, the best first. */
  readonly otherMappings?: readonly Mapping[]
  /** Of a table: what a mapping to each kind of task would be, with whatever columns were found for it. */
  readonly taskMappings?: Readonly<Partial<Record<TaskKind, Mapping>>>
  readonly guessedTask?: GuessedTask | null
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
  /** From 1, where the document has pages. */
  readonly page: number | null
  /** Where it stands, for a person: `lines 12–40`, `page 3`, `chapter 2, paragraphs 3–5`, a web page's address. */
  readonly place: string
  readonly text: string
}

export interface ImportRequest {
  readonly projectId: string
  readonly file: FileRef
  /** The name to show; the file's own where null. */
  readonly name: string | null
  /** Of a file with several tables, the one to take; the first where null or left out. */
  readonly table?: string | null
  readonly mapping: Mapping | null
  /** For documents; null or left out for the usual size. */
  readonly chunking?: Chunking | null
  /** A file that serves as one split as a whole; `auto` splits it with the others. */
  readonly use: 'auto' | SplitName
}

/** A folder, an archive or a choice of files, taken apart into files that can each be inspected and imported. */
export interface Expansion {
  readonly name: string
  readonly files: readonly {
    readonly file: FileRef
    /** With its folders: `guide/part 1/intro.md`. */
    readonly name: string
    readonly bytes: number
  }[]
  /** What was passed over, and why: pictures, nested archives, paths that lead out of the archive, … */
  readonly skipped: readonly FoundProblem[]
}

export interface WebRequest {
  readonly url: string
  /** The page alone, or the pages of its site whose address begins as this one's folder does. */
  readonly scope: 'page' | 'site'
  /** At most so many pages of a site. */
  readonly maxPages: number
}

export interface WebProgress {
  readonly read: number
  /** Pages that are known and wait. */
  readonly waiting: number
  readonly bytes: number
  readonly url: string
}

/** Pages that were read, as a file of the host's that can be inspected and imported like a document. */
export interface WebReading {
  readonly file: FileRef
  readonly name: string
  readonly pages: number
  readonly bytes: number
  /** Pages that were not read, and why: robots.txt, not found, not HTML, … */
  readonly skipped: readonly FoundProblem[]
}

/** A row as a mapping makes it. */
export interface MappedRow {
  readonly where: string
  /** Texts by role: what the record will hold. An answer that occurs is given with its place. */
  readonly texts: Partial<Readonly<Record<Role, string>>>
  readonly answers: readonly ExampleAnswer[]
  readonly isImpossible: boolean
  /** False where the row is left out, for the first of `problems`. */
  readonly kept: boolean
  readonly problems: readonly FoundProblem[]
}

/** The first rows of a file as a mapping makes them, checked as an import checks them. */
export interface MappedPreview {
  readonly rows: readonly MappedRow[]
  /** Of the rows that were looked at (at most a thousand): how many were kept, and how often what was found. */
  readonly looked: number
  readonly kept: number
  readonly found: readonly { readonly kind: string; readonly title: string; readonly count: number }[]
}

export interface ImportProgress {
  readonly bytesDone: number
  readonly bytesTotal: number
  readonly rows: number
  readonly examples: number
  readonly passages: number
}

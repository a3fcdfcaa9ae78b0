import type { SplitName } from '../../../main/contract/splits.ts'
import type {
  Expansion,
  FileRef,
  Form,
  FoundProblem,
  ImportProgress,
  Inspection,
  Mapping,
  WebProgress,
  WebRequest,
} from '../../../main/contract/imports.ts'
import type { ErrorValue } from '../../../main/contract/errors.ts'
import type { DroppedFile } from '../../dropped-file.ts'
import { splitNamedBy } from './file-kinds.ts'
import { isSameMapping } from './mapping.ts'

/** Where a file comes from; what has failed is asked for again from there. */
export type Origin =
  | { readonly kind: 'dropped'; readonly dropped: DroppedFile }
  | { readonly kind: 'web'; readonly request: WebRequest }
  /** A file of an archive, or another table of a file that was imported. */
  | { readonly kind: 'host'; readonly ref: FileRef; readonly table: string | null }

/** One table of a file with what was decided about it. */
export interface TableReview {
  readonly inspection: Inspection
  readonly mapping: Mapping | null
  /** What the mapping was in the other forms, for the way back. */
  readonly otherForms: Partial<Readonly<Record<Form, Mapping>>>
}

export interface QueuedFile {
  readonly id: number
  readonly name: string
  readonly bytes: number
  readonly origin: Origin
  /** How many came at once. */
  readonly together: number
  /**
   * waiting → uploading or reading the web → expanding → (choosing, where it is an archive) → inspecting → review →
   * importing, then it is gone; `unreadable` stays to be read.
   */
  readonly status:
    | 'waiting'
    | 'uploading'
    | 'browsing'
    | 'expanding'
    | 'choosing'
    | 'inspecting'
    | 'review'
    | 'importing'
    | 'unreadable'
  /** 0 to 1 while it is uploaded or expanded; null where it is not known how far it is. */
  readonly share: number | null
  readonly web: WebProgress | null
  readonly progress: ImportProgress | null
  readonly ref: FileRef | null
  readonly expansion: Expansion | null
  /** What was passed over in an archive or on a site, and why. */
  readonly skipped: readonly FoundProblem[]
  readonly review: TableReview | null
  /** Of a file with several tables, those that were looked at before, as they were left. */
  readonly otherTables: Readonly<Record<string, TableReview>>
  /** Its import was asked for and waits for those before it. */
  readonly queued: boolean
  /** While another table is opened. */
  readonly opening: boolean
  readonly use: 'auto' | SplitName
  /** Why it cannot be read, or why the last import failed. */
  readonly error: ErrorValue | null
}

let nextId = 1

/** A file that has just been named and waits to be read. */
export function queuedFile(
  is: Pick<QueuedFile, 'name' | 'bytes' | 'origin'> & { readonly together?: number },
): QueuedFile {
  return {
    together: 1,
    ...is,
    id: nextId++,
    status: 'waiting',
    share: null,
    web: null,
    progress: null,
    ref: is.origin.kind === 'host' ? is.origin.ref : null,
    expansion: null,
    skipped: [],
    review: null,
    otherTables: {},
    queued: false,
    opening: false,
    use: 'auto',
    error: null,
  }
}

/** The review of a table that was just looked at: everything as it is proposed. */
export function firstReview(inspection: Inspection): TableReview {
  return { inspection, mapping: inspection.mapping, otherForms: {} }
}

/** A file that came with others is for the split that its name speaks of; one that came alone is divided. */
export function proposedUse({ name, together }: Pick<QueuedFile, 'name' | 'together'>): QueuedFile['use'] {
  return together > 1 ? (splitNamedBy(name) ?? 'auto') : 'auto'
}

export function isEdited({ inspection, mapping }: TableReview): boolean {
  return !isSameMapping(mapping, inspection.mapping)
}

/** Whether a person has decided anything that would be lost with the file. */
export function hasEdits({ review, otherTables }: QueuedFile): boolean {
  return (review !== null && isEdited(review)) || Object.values(otherTables).some(isEdited)
}

/** Whether two files have the same columns, so that what was said of one holds for the other. */
export function hasSameColumns(one: TableReview, other: TableReview): boolean {
  const names = ({ inspection }: TableReview): string =>
    JSON.stringify([
      inspection.format,
      inspection.mapping === null,
      inspection.columns.map(({ name }) => name),
    ])
  return names(one) === names(other)
}

/** The file with another of its tables in front; that table is as it was left, or as `opened` has just shown it. */
export function withTable(file: QueuedFile, table: string, opened: TableReview | null): QueuedFile {
  const next = opened ?? file.otherTables[table]
  if (next === undefined || next.inspection.table === file.review?.inspection.table) return file
  const left = file.review?.inspection.table ?? null
  const others = Object.entries(file.otherTables).filter(([name]) => name !== table)
  const kept = left === null || file.review === null ? others : [...others, [left, file.review] as const]
  return { ...file, review: next, otherTables: Object.fromEntries(kept) }
}

/** What the review shows as one: an archive, a dataset, or all documents together. */
export interface ReviewItem {
  readonly key: string
  readonly kind: 'archive' | 'dataset' | 'documents'
  readonly files: readonly QueuedFile[]
}

export function reviewItems(files: readonly QueuedFile[]): ReviewItem[] {
  const ready = files.filter(({ status }) => status === 'review' || status === 'importing')
  const documents = ready.filter(({ review }) => review?.inspection.kind === 'documents')
  const alone = files.filter((file) => file.status === 'choosing' || ready.includes(file))
  return [
    ...alone
      .filter((file) => !documents.includes(file))
      .map((file) => ({
        key: String(file.id),
        kind: file.status === 'choosing' ? ('archive' as const) : ('dataset' as const),
        files: [file],
      })),
    ...(documents.length > 0 ? [{ key: 'documents', kind: 'documents' as const, files: documents }] : []),
  ]
}

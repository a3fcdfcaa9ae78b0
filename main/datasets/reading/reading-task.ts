/** What the host asks of a reading worker, and what it says; all plain data. */
import type { Chunking, ImportRequest, Inspection, MappedPreview, Mapping } from '../../contract/imports.ts'
import type { ErrorValue } from '../../contract/errors.ts'
import type { PackedBatch } from '../importing/insert-batch.ts'
import type { ImportedAs } from '../importing/open-import.ts'

export interface InspectTask {
  readonly kind: 'inspect'
  readonly path: string
  readonly table: string | null
}

export interface PreviewTask {
  readonly kind: 'preview'
  readonly path: string
  readonly table: string | null
  readonly mapping: Mapping | null
}

export interface ImportTask {
  readonly kind: 'import'
  readonly path: string
  readonly name: string
  readonly table: string | null
  readonly mapping: Mapping | null
  readonly chunking: Chunking | null
  /** The folder of the model whose tokens count; null to estimate. */
  readonly tokenizer: string | null
  readonly use: ImportRequest['use']
}

export type ReadingTask = InspectTask | PreviewTask | ImportTask

/** A batch as the store takes it, with what was read of the file until its end. */
export interface SentBatch extends PackedBatch {
  readonly rows: number
  readonly bytes: number
}

export type ReadingMessage =
  /** With the milliseconds that the thread has worked. */
  | { readonly kind: 'alive'; readonly work: number }
  | { readonly kind: 'opened'; readonly source: ImportedAs }
  | { readonly kind: 'batch'; readonly batch: SentBatch }
  | { readonly kind: 'done'; readonly result: Inspection | MappedPreview | null }
  | { readonly kind: 'failed'; readonly error: ErrorValue }

/** To the worker: what to read, one after the other; or that one more batch may be sent. */
export type HostMessage = { readonly kind: 'task'; readonly task: ReadingTask } | { readonly kind: 'next' }

/** Batches that may be on their way at once. */
export const batchesAhead = 4
/** Milliseconds between two signs of life. */
export const beatEvery = 500

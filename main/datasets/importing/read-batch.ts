import type { Batch } from './insert-batch.ts'

/** A batch with what was read of the file until its end. */
export interface ReadBatch extends Batch {
  readonly rows: number
  readonly bytes: number
}

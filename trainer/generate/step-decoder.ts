import type { Candidates } from './candidates.ts'

/**
 * A model that decodes one token at a time over a cache, for a fixed number of rows.
 *
 * With beam search the rows are laid out as Hugging Face does: all beams of example 0 first, then those of
 * example 1, and so on.
 */
export interface StepDecoder {
  /** Rows in the batch; after `select(order)` it is `order.length`. */
  readonly rows: number
  readonly vocabSize: number
  /**
   * The ids that stand before the first generated token, for each row of the decoder as it was made: the start token,
   * or, of a model that continues its prompt, the prompt. The last of them is what the first step is fed.
   */
  readonly prompts: readonly (readonly number[])[]
  /**
   * Feeds one token to every row and resolves to the next-token logits, [rows, vocabSize] row-major. The array
   * may be reused by the next step.
   */
  step(tokens: readonly number[]): Promise<Float32Array>
  /**
   * As `step`, but resolves to the `count` likeliest next tokens of each row alone, so that the logits stay where they
   * are; absent where the model cannot choose them itself.
   */
  candidates?(tokens: readonly number[], count: number): Promise<Candidates>
  /**
   * Row i of the cache becomes what row `order[i]` was (beam search). `order.length` may be smaller than `rows`:
   * finished rows leave the batch.
   */
  select(order: readonly number[]): void | Promise<void>
}

import { z } from 'zod'
import { loadedSchema } from '../process-side.ts'

/** Token ids of one example, as `TrainingItem` has them. */
export const itemSchema = z.object({
  sourceIds: z.array(z.int().nonnegative()).min(1),
  targetIds: z.array(z.int().nonnegative()).min(1),
  /** Of an example with a place in a text as its target: where the text begins. */
  contextStart: z.int().nonnegative().optional(),
})
export type BenchItem = z.infer<typeof itemSchema>

/** What the bench asks of this project's side; `peft_reference.py` says what it asks of PEFT's. */
export const loadSchema = z.object({
  weights: z.string(),
  items: z.array(itemSchema).min(1),
  /** Settings of a run, by the product's names. */
  settings: z.record(z.string(), z.unknown()),
})
export const runSchema = z.object({ steps: z.array(z.int().nonnegative()).min(1) })

/** What one step of an epoch trains: examples, real tokens, and those with padding. */
const stepSchema = z.object({ examples: z.int(), tokens: z.int(), padded: z.int() })
export type PlannedStep = z.infer<typeof stepSchema>

/** Both sides' answer to `load`: the steps of an epoch are in it, since each side makes its batches itself. */
export const trainableSchema = loadedSchema.extend({ plan: z.array(stepSchema).min(1) })
export type Trainable = z.infer<typeof trainableSchema>

/** Both sides' answer to `run`, a value for each step; the loss is that before it. */
export const ranSchema = z.object({
  milliseconds: z.array(z.number()),
  processor: z.array(z.number()),
  loss: z.array(z.number()),
})

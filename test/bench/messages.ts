import { z } from 'zod'

/**
 * What the bench asks of a process that does its work: one JSON request a line, answered by one JSON line. The same
 * words serve the engine here and `peft_reference.py`, so that both sides do the same.
 */
export const loraSchema = z.object({
  rank: z.int().positive(),
  alpha: z.number().positive(),
  targets: z.union([z.literal('all-linear'), z.array(z.string())]),
})

const idsSchema = z.array(z.array(z.int().nonnegative()).min(1)).min(1)

export const requestSchema = z.discriminatedUnion('op', [
  z.object({
    op: z.literal('load'),
    /** The model folder, or for tokenisation the folder of the tokenizer. */
    weights: z.string(),
    purpose: z.enum(['training', 'answering', 'tokenization']),
    lora: loraSchema.optional(),
    threads: z.int().positive(),
    learningRate: z.number().positive().default(3e-4),
    seed: z.int().default(0),
    /** For PEFT alone: torch.compile. */
    compile: z.boolean().optional(),
  }),
  z.object({
    op: z.literal('step'),
    inputs: idsSchema,
    labels: idsSchema,
    steps: z.int().positive(),
  }),
  z.object({ op: z.literal('generate'), inputs: idsSchema, newTokens: z.int().positive() }),
  z.object({ op: z.literal('tokenize'), passes: z.int().positive() }),
  z.object({ op: z.literal('memory') }),
  z.object({ op: z.literal('quit') }),
])

export type Request = z.input<typeof requestSchema>
export type ReceivedRequest = z.output<typeof requestSchema>
export type LoadRequest = Extract<ReceivedRequest, { op: 'load' }>
export type StepRequest = Extract<ReceivedRequest, { op: 'step' }>
export type GenerateRequest = Extract<ReceivedRequest, { op: 'generate' }>

const seconds = z.number().nonnegative()

export const loadedSchema = z.object({
  seconds,
  /** Values in the model and the adapters together, and how many are trained. */
  parameters: z.int().optional(),
  trainable: z.int().optional(),
  versions: z.record(z.string(), z.string()),
})
export type Loaded = z.infer<typeof loadedSchema>

/** Wall-clock time of each step, and the loss before it. */
export const stepsSchema = z.object({ milliseconds: z.array(z.number()), loss: z.array(z.number()) })
export const generatedSchema = z.object({ seconds, tokens: z.int() })
/** Wall-clock time of each pass over the text, and what one pass holds. */
export const tokenizedSchema = z.object({
  milliseconds: z.array(z.number()),
  tokens: z.int(),
  /** UTF-16 units. */
  characters: z.int(),
})
export const memorySchema = z.object({ peakRssMb: z.number() })

export const failureSchema = z.object({ ok: z.literal(false), error: z.string() })

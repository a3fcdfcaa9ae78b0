import { z } from 'zod'
import { TrainerError } from './errors.ts'
import { nearestName } from './nearest-name.ts'
import { shownValue } from './shown-value.ts'

const count = z.int().nonnegative()
const positive = z.int().positive()
const fraction = z.number().min(0).max(1)

/**
 * Every setting of a run: its check, its default, and the sentence that help texts and the window show. The
 * same names serve the command line (`--set rank=8`), the settings file and the run folder.
 */
export const settingsSchema = z.strictObject({
  seed: count.default(42).describe('Seed of shuffling, dropout, adapter initialisation and splits.'),
  method: z
    .enum(['lora', 'full'])
    .default('lora')
    .describe('What is trained: low-rank adapters (lora) or every weight (full).'),
  epochs: z.number().positive().default(10).describe('Passes over the training examples.'),
  maxSteps: positive
    .nullable()
    .default(null)
    .describe('Optimiser steps after which to stop, whatever the epochs.'),
  batchSize: positive.default(8).describe('Examples in one forward and backward pass.'),
  gradientAccumulationSteps: positive.default(1).describe('Passes that are summed into one optimiser step.'),
  microBatchTokens: positive
    .nullable()
    .default(null)
    .describe(
      "Tokens of a batch that are computed at a time, with the same result but for the draw of dropout: fewer take less memory; null takes what fits a processor's caches, and whole batches on a GPU.",
    ),
  learningRate: z.number().positive().default(1e-3).describe('Peak learning rate of AdamW.'),
  schedule: z
    .enum(['linear', 'cosine', 'constant'])
    .default('linear')
    .describe('How the learning rate falls after the warm-up.'),
  warmupRatio: fraction.default(0.06).describe('Share of the steps over which the learning rate rises.'),
  weightDecay: z.number().nonnegative().default(0).describe('Decoupled weight decay of AdamW.'),
  adamBeta1: z.number().min(0).lt(1).default(0.9).describe('Decay of the first moment.'),
  adamBeta2: z.number().min(0).lt(1).default(0.999).describe('Decay of the second moment.'),
  adamEpsilon: z.number().positive().default(1e-8).describe('Added to the denominator of AdamW.'),
  maxGradNorm: z
    .number()
    .positive()
    .nullable()
    .default(1)
    .describe('Global norm to which gradients are clipped.'),
  labelSmoothing: fraction.default(0).describe('Probability mass spread evenly over the vocabulary.'),
  dropout: z
    .number()
    .min(0)
    .lt(1)
    .nullable()
    .default(null)
    .describe("Dropout inside the base model; null takes the model's own dropout_rate."),
  rank: positive.default(16).describe('Rank of the LoRA matrices.'),
  alpha: z.number().positive().default(32).describe('LoRA scale: updates count alpha / rank times.'),
  loraDropout: z.number().min(0).lt(1).default(0).describe('Dropout on the input of the LoRA matrices.'),
  targetModules: z
    .union([z.literal('all-linear'), z.array(z.string().min(1)).min(1)])
    .default('all-linear')
    .describe(
      "Linear layers that get an adapter: names such as q,v, regular expressions over paths, or 'all-linear'.",
    ),
  layersToTransform: z
    .array(count)
    .nullable()
    .default(null)
    .describe('Indices of the blocks that get adapters; null for all.'),
  rankStabilized: z
    .boolean()
    .default(false)
    .describe('Scale by alpha / sqrt(rank) instead (Kalajdzievski 2023).'),
  useDora: z
    .boolean()
    .default(false)
    .describe('Learn the size of each row of the weights beside its direction, DoRA (Liu et al. 2024).'),
  rankPattern: z
    .record(z.string().min(1), positive)
    .nullable()
    .default(null)
    .describe('Ranks of layers that differ, by name, such as q:4,v:8; the first that fits counts.'),
  alphaPattern: z
    .record(z.string().min(1), z.number().positive())
    .nullable()
    .default(null)
    .describe('LoRA alphas of layers that differ, by name, such as q:16,v:32.'),
  gradientCheckpointing: z
    .enum(['none', 'selective', 'blocks'])
    .default('none')
    .describe(
      'What is computed again in the backward pass to save memory: nothing; what is cheap (selective), for a few percent of time; or whole blocks, for about 1.3 times the time.',
    ),
  modulesToSave: z
    .array(z.string().min(1))
    .min(1)
    .nullable()
    .default(null)
    .describe('Modules that are trained whole beside the adapters and kept in them: names such as lm_head.'),
  frozenLayers: z
    .array(z.string().min(1))
    .min(1)
    .nullable()
    .default(null)
    .describe('What full training leaves as it is: block numbers such as 0,1, or names such as encoder.'),
  freezeEmbeddings: z
    .boolean()
    .default(false)
    .describe('Full training leaves the embeddings as they are, and a head that shares them.'),
  maxSourceLength: positive
    .nullable()
    .default(null)
    .describe("Tokens of one prompt; null takes the model's own window."),
  maxTargetLength: positive.default(32).describe('Tokens of an answer, the end mark included.'),
  stride: positive.default(64).describe('Tokens by which neighbouring windows of a long context overlap.'),
  trainOnPassages: z
    .boolean()
    .default(false)
    .describe(
      'Learn the texts of the project themselves too, beside the questions; for models that continue a text (GPT-Neo).',
    ),
  passageLength: positive
    .nullable()
    .default(null)
    .describe('Tokens of a piece of plain text in training; null takes 512, or what the model reads.'),
  validationFraction: z
    .number()
    .min(0)
    .max(0.5)
    .default(0.1)
    .describe('Share of the groups held out for validation.'),
  evaluateEvery: count
    .default(0)
    .describe('Steps between validations; 0 validates at the end of each epoch.'),
  bestMetric: z.enum(['loss', 'f1']).default('loss').describe('What decides which checkpoint is the best.'),
  earlyStoppingPatience: positive
    .nullable()
    .default(null)
    .describe('Validations without improvement after which to stop; null never stops early.'),
  saveEvery: positive.default(50).describe('Steps between checkpoints.'),
  numBeams: positive.max(64).default(1).describe('Beams in answering; 1 is greedy.'),
  lengthPenalty: z.number().default(1).describe('Exponent of the length by which beam scores are divided.'),
  doSample: z.boolean().default(false).describe('Draw tokens at random instead of taking the likeliest.'),
  temperature: z.number().positive().default(1).describe('Divides the logits before sampling.'),
  topK: count.default(50).describe('Samples from the k likeliest tokens; 0 from all.'),
  topP: z
    .number()
    .positive()
    .max(1)
    .default(1)
    .describe('Samples from the smallest set of tokens with this probability.'),
  repetitionPenalty: z
    .number()
    .positive()
    .default(1)
    .describe('Above 1 makes tokens that the answer already has less likely.'),
  noRepeatNgramSize: count
    .default(0)
    .describe('No n-gram of this size occurs twice in an answer; 0 allows all.'),
  stopStrings: z
    .array(z.string().min(1))
    .nullable()
    .default(null)
    .describe('Texts before which an answer ends; \\n stands for a new line.'),
  evaluationBatchSize: positive.default(16).describe('Examples answered at a time.'),
  threads: count
    .default(0)
    .describe('Processor threads, at most as many as there are processors; 0 takes one per physical core.'),
  provider: z
    .enum(['cpu', 'webgpu', 'dml', 'cuda', 'auto'])
    .default('cpu')
    .describe(
      'ONNX Runtime execution provider; auto takes the fastest whose gradients are right here. The CPU alone gives the same bits everywhere.',
    ),
  cacheFrozenLayers: z
    .boolean()
    .default(true)
    .describe(
      'Layers below everything that is trained are computed once for each example and kept, in memory and then in the run folder; without dropout alone.',
    ),
  weightPrecision: z
    .enum(['stored', 'float16', 'int8', 'int4'])
    .default('stored')
    .describe(
      'Frozen weights are held as the model has them (stored), in 8 or 4 bits on the CPU, or in 16 on a GPU: less memory, and a base that differs a little. With LoRA alone.',
    ),
})

type GivenSettings = Readonly<z.infer<typeof settingsSchema>>
/** The settings of a run. Its provider is a definite one, so that a run that is resumed goes on with it. */
export type Settings = Omit<GivenSettings, 'provider'> & {
  readonly provider: Exclude<GivenSettings['provider'], 'auto'>
}
export type SettingName = keyof Settings

/** The settings of answering, which may change from one question to the next. */
export const answerSettingNames = [
  'seed',
  'maxSourceLength',
  'maxTargetLength',
  'stride',
  'numBeams',
  'lengthPenalty',
  'doSample',
  'temperature',
  'topK',
  'topP',
  'repetitionPenalty',
  'noRepeatNgramSize',
  'stopStrings',
  'evaluationBatchSize',
] as const satisfies readonly SettingName[]
export type AnswerSettingName = (typeof answerSettingNames)[number]

export const settingNames = Object.keys(settingsSchema.shape) as readonly SettingName[]

/**
 * Checks settings and fills in the defaults. Which provider `auto` is, is found out by whoever starts processes and can
 * outlive a driver (`Providers` in the host); where nobody has, it is the CPU, which is right everywhere.
 *
 * @throws TrainerError `setting_unknown` with the nearest known name, or `setting_invalid` with the reason.
 */
export function parseSettings(given: Readonly<Record<string, unknown>>): Settings {
  for (const name of Object.keys(given)) if (!isSettingName(name)) throw unknownSetting(name)
  const result = settingsSchema.safeParse(given)
  if (result.success) {
    const { provider } = result.data
    return { ...result.data, provider: provider === 'auto' ? 'cpu' : provider }
  }
  const issue = result.error.issues[0]
  const name = String(issue?.path[0] ?? '')
  throw new TrainerError(
    'setting_invalid',
    `The setting ${name} cannot be ${shownValue(given[name])}: ${issue?.message ?? 'invalid value'}. See loracle train --help.`,
    { name },
  )
}

/**
 * Reads one `key=value` of the command line: JSON where it parses, a comma list for lists, else the text.
 *
 * @throws TrainerError `setting_invalid` where there is no `=`, `setting_unknown` for an unknown key.
 */
export function parseAssignment(assignment: string): readonly [SettingName, unknown] {
  const at = assignment.indexOf('=')
  if (at < 1)
    throw new TrainerError('setting_invalid', `--set ${assignment} lacks a value: write --set name=value.`, {
      assignment,
    })
  const name = assignment.slice(0, at).trim()
  const text = assignment.slice(at + 1).trim()
  if (!isSettingName(name)) throw unknownSetting(name)
  return [name, parseValue(name, text)]
}

const textLists: readonly SettingName[] = ['stopStrings', 'targetModules', 'modulesToSave', 'frozenLayers']
const maps: readonly SettingName[] = ['rankPattern', 'alphaPattern']

function parseValue(name: SettingName, text: string): unknown {
  const json = parseJson(text)
  if (json === null || typeof json === 'object') return json
  const given = typeof json === 'string' ? json : text
  if (maps.includes(name)) return parseMap(given)
  if (name === 'layersToTransform') return given.split(',').map(Number)
  if (textLists.includes(name) && given !== 'all-linear') return given.split(',').map((part) => part.trim())
  return json ?? text
}

/** Reads `q:4,v:8`; what has no colon stays a text, which the check refuses. */
function parseMap(text: string): unknown {
  const parts = text.split(',').map((part) => /^(.+):([^:]+)$/.exec(part.trim()))
  if (parts.some((part) => part === null)) return text
  return Object.fromEntries(parts.map((part) => [part?.[1]?.trim(), Number(part?.[2])]))
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function isSettingName(name: string): name is SettingName {
  return Object.hasOwn(settingsSchema.shape, name)
}

function unknownSetting(name: string): TrainerError {
  const nearest = nearestName(name, settingNames)
  const hint = nearest ? ` Did you mean ${nearest}?` : ''
  return new TrainerError(
    'setting_unknown',
    `There is no setting ${name}.${hint} See loracle train --help for all of them.`,
    {
      name,
    },
  )
}

import { z } from 'zod'
import { parseSettings, settingNames, settingsSchema } from './settings.ts'
import type { SettingName, Settings } from './settings.ts'

/** What a form offers for a setting, as its check has it. A number with `exclusiveMin` must lie above `min`. */
export type SettingInput =
  | {
      readonly kind: 'integer' | 'number'
      readonly min: number | null
      readonly max: number | null
      readonly exclusiveMin: boolean
      readonly exclusiveMax: boolean
      readonly nullable: boolean
    }
  | { readonly kind: 'boolean'; readonly nullable: boolean }
  | { readonly kind: 'choice'; readonly choices: readonly string[]; readonly nullable: boolean }
  | {
      readonly kind: 'list'
      readonly of: 'text' | 'integer'
      /** Words that may stand instead of a list, such as `all-linear`. */
      readonly keywords: readonly string[]
      readonly nullable: boolean
    }
  | {
      /** Numbers by name, written `q:4, v:8`; those without `exclusiveMin` may be `min`. */
      readonly kind: 'map'
      readonly of: 'integer' | 'number'
      readonly min: number | null
      readonly exclusiveMin: boolean
      readonly nullable: boolean
    }

export type SettingGroup = 'Training' | 'LoRA' | 'Text' | 'Validation' | 'Answers' | 'Machine'

/** How a setting stands in a form. */
interface SettingForm {
  readonly label: string
  readonly group: SettingGroup
  /** `simple` settings are shown at once, `advanced` ones when asked for. */
  readonly level: 'simple' | 'advanced'
}

/** One row of the settings table, for help texts and forms. */
export interface SettingInfo extends SettingForm {
  readonly name: SettingName
  readonly description: string
  readonly defaultValue: Settings[SettingName]
  readonly input: SettingInput
}

const simple = (group: SettingGroup, label: string): SettingForm => ({ label, group, level: 'simple' })
const advanced = (group: SettingGroup, label: string): SettingForm => ({ label, group, level: 'advanced' })

const forms: Readonly<Record<SettingName, SettingForm>> = {
  seed: advanced('Training', 'Random seed'),
  method: advanced('Training', 'What is trained'),
  epochs: simple('Training', 'Epochs'),
  maxSteps: advanced('Training', 'Most steps'),
  batchSize: simple('Training', 'Batch size'),
  gradientAccumulationSteps: advanced('Training', 'Passes per step'),
  microBatchTokens: advanced('Machine', 'Tokens at a time'),
  learningRate: simple('Training', 'Learning rate'),
  schedule: advanced('Training', 'Learning rate schedule'),
  warmupRatio: advanced('Training', 'Warm-up share'),
  weightDecay: advanced('Training', 'Weight decay'),
  adamBeta1: advanced('Training', 'AdamW β₁'),
  adamBeta2: advanced('Training', 'AdamW β₂'),
  adamEpsilon: advanced('Training', 'AdamW ε'),
  maxGradNorm: advanced('Training', 'Gradient clipping'),
  labelSmoothing: advanced('Training', 'Label smoothing'),
  dropout: advanced('Training', 'Dropout'),
  rank: simple('LoRA', 'Rank'),
  alpha: simple('LoRA', 'Alpha'),
  loraDropout: advanced('LoRA', 'LoRA dropout'),
  targetModules: advanced('LoRA', 'Adapted layers'),
  layersToTransform: advanced('LoRA', 'Adapted blocks'),
  rankStabilized: advanced('LoRA', 'Rank-stabilised scale'),
  useDora: advanced('LoRA', 'DoRA'),
  rankPattern: advanced('LoRA', 'Ranks by layer'),
  alphaPattern: advanced('LoRA', 'Alphas by layer'),
  gradientCheckpointing: advanced('Machine', 'Recompute activations'),
  modulesToSave: advanced('LoRA', 'Modules trained whole'),
  frozenLayers: advanced('Training', 'Frozen layers'),
  freezeEmbeddings: advanced('Training', 'Freeze the embeddings'),
  maxSourceLength: advanced('Text', 'Longest prompt'),
  maxTargetLength: simple('Text', 'Longest answer'),
  stride: advanced('Text', 'Window overlap'),
  trainOnPassages: advanced('Text', 'Learn the texts too'),
  passageLength: advanced('Text', 'Pieces of plain text'),
  validationFraction: simple('Validation', 'Validation share'),
  evaluateEvery: advanced('Validation', 'Steps between validations'),
  bestMetric: advanced('Validation', 'Best checkpoint by'),
  earlyStoppingPatience: simple('Validation', 'Early stopping patience'),
  saveEvery: advanced('Training', 'Steps between checkpoints'),
  numBeams: advanced('Answers', 'Beams'),
  lengthPenalty: advanced('Answers', 'Length penalty'),
  doSample: advanced('Answers', 'Sampling'),
  temperature: advanced('Answers', 'Temperature'),
  topK: advanced('Answers', 'Top k'),
  topP: advanced('Answers', 'Top p'),
  repetitionPenalty: advanced('Answers', 'Repetition penalty'),
  noRepeatNgramSize: advanced('Answers', 'No repeated n-grams of'),
  stopStrings: advanced('Answers', 'Ends before'),
  evaluationBatchSize: advanced('Answers', 'Questions at a time'),
  threads: advanced('Machine', 'Threads'),
  provider: simple('Machine', 'Runs on'),
  cacheFrozenLayers: advanced('Machine', 'Keep what frozen layers give'),
  weightPrecision: advanced('Machine', 'Base weights in'),
}

/** All settings with their defaults, sentences and forms, in the order in which they are shown. */
export function describeSettings(): readonly SettingInfo[] {
  const defaults = parseSettings({})
  return settingNames.map((name) => ({
    name,
    ...forms[name],
    description: settingsSchema.shape[name].description ?? '',
    defaultValue: defaults[name],
    input: inputOf(name),
  }))
}

/** The part of JSON Schema that the settings' checks use. */
const checkSchema = z.object({
  type: z.enum(['integer', 'number', 'boolean', 'string', 'array', 'object', 'null']),
  minimum: z.number().optional(),
  maximum: z.number().optional(),
  exclusiveMinimum: z.number().optional(),
  exclusiveMaximum: z.number().optional(),
  enum: z.array(z.string()).optional(),
  const: z.string().optional(),
  items: z.object({ type: z.enum(['integer', 'string']) }).optional(),
  additionalProperties: z.unknown().optional(),
})
const alternativesSchema = z.union([
  z.object({ anyOf: z.array(checkSchema) }).transform(({ anyOf }) => anyOf),
  checkSchema.transform((check) => [check]),
])

function inputOf(name: SettingName): SettingInput {
  const all = alternativesSchema.parse(z.toJSONSchema(settingsSchema.shape[name], { io: 'input' }))
  const alternatives = all.filter((check) => check.type !== 'null')
  const nullable = alternatives.length < all.length
  const list = alternatives.find((check) => check.type === 'array')
  if (list) {
    const keywords = alternatives.flatMap((check) => check.const ?? [])
    return { kind: 'list', of: list.items?.type === 'integer' ? 'integer' : 'text', keywords, nullable }
  }
  const [check] = alternatives
  if (check?.type === 'object') {
    const values = checkSchema.parse(check.additionalProperties)
    const { min, exclusiveMin } = boundsOf(values)
    return { kind: 'map', of: values.type === 'integer' ? 'integer' : 'number', min, exclusiveMin, nullable }
  }
  if (check?.enum) return { kind: 'choice', choices: check.enum, nullable }
  if (check?.type === 'boolean') return { kind: 'boolean', nullable }
  if (check?.type === 'integer' || check?.type === 'number')
    return { kind: check.type, ...boundsOf(check), nullable }
  throw new Error(`The check of the setting ${name} has no form.`)
}

function boundsOf(check: z.infer<typeof checkSchema>) {
  const { type, minimum, maximum, exclusiveMinimum, exclusiveMaximum } = check
  const whole = type === 'integer'
  // zod bounds every integer by the safe ones; a whole number above n is one of at least n + 1.
  const known = (value: number | undefined) =>
    value === undefined || Math.abs(value) === Number.MAX_SAFE_INTEGER ? null : value
  const above = exclusiveMinimum ?? null
  const below = exclusiveMaximum ?? null
  return {
    min: above === null ? known(minimum) : whole ? above + 1 : above,
    max: below === null ? known(maximum) : whole ? below - 1 : below,
    exclusiveMin: above !== null && !whole,
    exclusiveMax: below !== null && !whole,
  }
}

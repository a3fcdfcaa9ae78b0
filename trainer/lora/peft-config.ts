import { z } from 'zod'
import { TrainerError } from '../errors.ts'
import type { Architecture } from '../models/architecture.ts'
import { JsonFaultError, parseJson } from '../parse-json.ts'
import { readBounded } from '../read-bounded.ts'
import { shownValue } from '../shown-value.ts'

// Real ones have some kilobytes, with a rank for each layer.
const mostConfigBytes = 4_000_000
const mostNames = 10_000

const names = z.array(z.string()).max(mostNames)
const numbers = z
  .record(z.string(), z.number())
  .refine((patterns) => Object.keys(patterns).length <= mostNames, `more than ${mostNames} patterns`)

/** The fields of adapter_config.json that say something here; the others are told apart by `notesOf`. */
const configSchema = z.looseObject({
  peft_type: z.literal('LORA', { error: ({ input }) => `${shownValue(input)} is not LORA` }),
  r: z.int().positive().max(65_536),
  lora_alpha: z.number(),
  lora_dropout: z.number().nullish(),
  use_rslora: z.boolean().nullish(),
  use_dora: z.boolean().nullish(),
  lora_bias: z.boolean().nullish(),
  fan_in_fan_out: z.boolean().nullish(),
  bias: z.string().nullish(),
  task_type: z.string().nullish(),
  base_model_name_or_path: z.string().nullish(),
  init_lora_weights: z.union([z.boolean(), z.string()]).nullish(),
  target_modules: z.union([z.string(), names]).nullish(),
  modules_to_save: names.max(256).nullish(),
  rank_pattern: numbers.nullish(),
  alpha_pattern: numbers.nullish(),
})

/** What an adapter's configuration says. */
export type PeftConfig = z.infer<typeof configSchema>

/** PEFT's name for what a kind of model is trained for. */
export const taskTypes = {
  seq2seq: 'SEQ_2_SEQ_LM',
  causal: 'CAUSAL_LM',
  extractive: 'QUESTION_ANS',
} as const satisfies Readonly<Record<Architecture['kind'], string>>

/** Options that make the layers compute something else than LoRA and DoRA do. */
const otherForms = [
  'lora_bias',
  'layer_replication',
  'target_parameters',
  'trainable_token_indices',
  'use_qalora',
  'use_bdlora',
  'arrow_config',
  'alora_invocation_tokens',
  'velora_config',
  'monteclora_config',
  'kasa_config',
] as const

/** First matrices that leave the base as it is. */
const plainStarts: readonly unknown[] = [true, false, null, undefined, 'gaussian', 'eva', 'orthogonal']

/** Fields that PEFT writes and that say nothing about what a trained adapter computes. */
const silentFields: readonly string[] = [
  'auto_mapping',
  'corda_config',
  'ensure_weight_tying',
  'eva_config',
  'exclude_modules',
  'inference_mode',
  'layers_pattern',
  'layers_to_transform',
  'loftq_config',
  'lora_ga_config',
  'megatron_config',
  'megatron_core',
  'peft_version',
  'qalora_group_size',
  'revision',
  'runtime_config',
]

/**
 * Reads an adapter_config.json.
 *
 * @throws TrainerError `file_missing`, or `adapter_invalid` for a kind that is not LoRA, an option that changes what the
 * layers compute, or matrices that belong to a changed base.
 */
export async function readPeftConfig(path: string): Promise<PeftConfig> {
  const text = await readBounded(path, mostConfigBytes).catch((thrown: unknown) => {
    if (thrown instanceof TrainerError) throw thrown
    throw new TrainerError(
      'file_missing',
      `${path} does not exist: an adapter folder holds adapter_config.json and adapter_model.safetensors. Check the path.`,
      { path },
    )
  })
  let json: unknown
  try {
    json = parseJson(text)
  } catch (thrown) {
    throw invalidAdapter(path, thrown instanceof JsonFaultError ? thrown.message : 'it is not JSON')
  }
  const result = configSchema.safeParse(json)
  if (!result.success) {
    const issue = result.error.issues[0]
    throw invalidAdapter(path, `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'invalid'}`)
  }
  const config = result.data
  const used = otherForms.filter((field) => isSet(config[field]))
  if (used.length > 0) throw invalidAdapter(path, `it uses ${used.join(', ')}, which is not supported`)
  const start = config.init_lora_weights
  if (!plainStarts.includes(start))
    throw invalidAdapter(
      path,
      `its init_lora_weights is ${shownValue(start)}, which changes the base model's own weights too, and these are not in the adapter. Save it in PEFT with path_initial_model_for_weight_conversion, which makes plain LoRA of it`,
    )
  return config
}

/** What a configuration asks for without effect here, in sentences. */
export function notesOf(config: PeftConfig, kind: Architecture['kind']): readonly string[] {
  const known: readonly string[] = [...Object.keys(configSchema.shape), ...otherForms, ...silentFields]
  const unknown = Object.keys(config).filter((field) => !known.includes(field) && isSet(config[field]))
  const task = config.task_type
  return [
    config.fan_in_fan_out
      ? 'fan_in_fan_out is true and was treated as false, as PEFT does for linear layers.'
      : '',
    task && task !== taskTypes[kind]
      ? `task_type is ${task}; a model of this kind is adapted as ${taskTypes[kind]}.`
      : '',
    unknown.length > 0
      ? `adapter_config.json also says ${unknown.join(', ')}, which is unknown here and has no effect.`
      : '',
  ].filter((note) => note !== '')
}

/** Why an adapter's file cannot be used. */
export function invalidAdapter(path: string, fact: string): TrainerError {
  return new TrainerError(
    'adapter_invalid',
    `${path} is not a usable LoRA adapter: ${fact}. Choose another adapter.`,
    { path },
  )
}

function isSet(value: unknown): boolean {
  if (value === null || value === undefined || value === false) return false
  return typeof value !== 'object' || Object.keys(value).length > 0
}

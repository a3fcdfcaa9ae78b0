import { z } from 'zod'
import { TrainerError } from '../errors.ts'
import type { ParameterShapes } from './weights.ts'

const size = z.int().positive().max(1_000_000)
const layerCount = z.int().positive().max(1000)
const rate = z.number().min(0).lt(1).default(0)
const token = z.int().nonnegative()
const attention = z.enum(['global', 'local'])

const configSchema = z.object({
  model_type: z.literal('gpt_neo'),
  vocab_size: size.default(50_257),
  hidden_size: size.default(2048),
  num_layers: layerCount.default(24),
  num_heads: layerCount.default(16),
  intermediate_size: size.nullish(),
  max_position_embeddings: size.default(2048),
  attention_types: z.array(z.tuple([z.array(attention).min(1), layerCount])).nullish(),
  attention_layers: z.array(attention).nullish(),
  window_size: size.default(256),
  activation_function: z.literal('gelu_new').default('gelu_new'),
  layer_norm_epsilon: z.number().positive().default(1e-5),
  resid_dropout: rate,
  embed_dropout: rate,
  attention_dropout: rate,
  tie_word_embeddings: z.boolean().nullish(),
  bos_token_id: token.nullish(),
  eos_token_id: z.union([token, z.array(token).min(1)]).nullish(),
  pad_token_id: token.nullish(),
})

/** Fields whose value the format allows and this program does not build; with what it builds. */
const unsupported: Readonly<Record<string, string>> = {
  activation_function: 'the activation gelu_new',
  attention_types: 'the attention types global and local',
  attention_layers: 'the attention types global and local',
}

/** Where dropout acts. */
export type DropoutPlace = 'embedding' | 'attention' | 'residual'

/** The configuration of a GPT-Neo (Black et al. 2021). */
export interface GptNeoConfig {
  readonly modelType: 'gpt_neo'
  readonly vocabularySize: number
  readonly width: number
  readonly heads: number
  readonly headWidth: number
  readonly feedForwardWidth: number
  readonly layers: number
  /** Of each layer: whether it sees all that stands before a token, or the window's last tokens alone. */
  readonly attention: readonly ('global' | 'local')[]
  /** Tokens that local attention sees, the token itself included. */
  readonly window: number
  readonly epsilon: number
  /** The largest of the three rates of the file. */
  readonly dropout: number
  /** The places whose rate in the file is above 0; all three where none is, for a rate that a setting asks for. */
  readonly dropoutPlaces: ReadonlySet<DropoutPlace>
  /** The head shares the embedding. */
  readonly tiedHead: boolean
  /** False for a file that was saved without the head: its keys lack `transformer.`. */
  readonly prefixed: boolean
  readonly padTokenId: number
  readonly eosTokenId: number
  /** Learned positions: no row can be longer. */
  readonly maxLength: number
}

/**
 * Reads a GPT-Neo `config.json`, with the defaults of Hugging Face's `GPTNeoConfig`. Where no padding token is named,
 * it is the end token, as that library does in generation.
 *
 * @throws TrainerError `model_invalid` naming the field, `model_unsupported` for another activation or attention.
 */
export function parseGptNeoConfig(
  json: unknown,
  path: string,
  weightNames: ReadonlySet<string>,
): GptNeoConfig {
  const result = configSchema.safeParse(json)
  if (!result.success) {
    const issue = result.error.issues[0]
    const field = String(issue?.path[0] ?? '')
    const supported = Object.hasOwn(unsupported, field) ? unsupported[field] : undefined
    if (supported)
      throw new TrainerError(
        'model_unsupported',
        `${path}: ${field} is not supported (${issue?.message ?? 'invalid'}). Of GPT-Neo's options ${supported} can be used; choose such a model.`,
        { path, field },
      )
    throw invalid(path, issue?.path.join('.') ?? '', issue?.message ?? 'invalid')
  }
  const config = result.data
  // Counted before the list is made: a thousand times a long pattern is longer than memory.
  const described = describedLayers(config)
  if (described !== config.num_layers)
    throw invalid(
      path,
      config.attention_types ? 'attention_types' : 'attention_layers',
      `it describes ${described} layers, num_layers is ${config.num_layers}`,
    )
  const attention = attentionLayers(config)
  if (config.hidden_size % config.num_heads !== 0)
    throw invalid(
      path,
      'num_heads',
      `hidden_size ${config.hidden_size} cannot be divided by ${config.num_heads}`,
    )
  const [eos = config.bos_token_id ?? 50_256] = [config.eos_token_id ?? []].flat()
  const places = dropoutPlaces(config)
  const marks = [
    ['eos_token_id', eos],
    ['pad_token_id', config.pad_token_id ?? eos],
  ] as const
  for (const [field, id] of marks)
    if (id >= config.vocab_size)
      throw invalid(path, field, `token ${id} lies outside the vocabulary of ${config.vocab_size}`)
  return Object.freeze({
    modelType: 'gpt_neo',
    vocabularySize: config.vocab_size,
    width: config.hidden_size,
    heads: config.num_heads,
    headWidth: config.hidden_size / config.num_heads,
    feedForwardWidth: config.intermediate_size ?? 4 * config.hidden_size,
    layers: config.num_layers,
    attention,
    window: config.window_size,
    epsilon: config.layer_norm_epsilon,
    dropout: Math.max(config.resid_dropout, config.embed_dropout, config.attention_dropout),
    dropoutPlaces: places,
    tiedHead: config.tie_word_embeddings !== false || !weightNames.has('lm_head.weight'),
    prefixed: !weightNames.has('wte.weight'),
    padTokenId: config.pad_token_id ?? eos,
    eosTokenId: eos,
    maxLength: config.max_position_embeddings,
  })
}

function describedLayers({
  attention_types: types,
  attention_layers: layers,
  num_layers: count,
}: z.infer<typeof configSchema>): number {
  if (types) return types.reduce((sum, [pattern, times]) => sum + pattern.length * times, 0)
  return layers?.length ?? count
}

/** `attention_types` counts patterns: `[[["global", "local"], 6]]` are twelve layers in turn. */
function attentionLayers(config: z.infer<typeof configSchema>): readonly ('global' | 'local')[] {
  const { attention_types: types, attention_layers: layers, num_layers: count } = config
  if (types) return types.flatMap(([pattern, times]) => Array.from({ length: times }, () => pattern).flat())
  return layers ?? Array.from({ length: count }, (_, i) => (i % 2 === 0 ? 'global' : 'local'))
}

function dropoutPlaces(config: z.infer<typeof configSchema>): ReadonlySet<DropoutPlace> {
  const rates: readonly (readonly [DropoutPlace, number])[] = [
    ['embedding', config.embed_dropout],
    ['attention', config.attention_dropout],
    ['residual', config.resid_dropout],
  ]
  const dropped = rates.filter(([, rate]) => rate > 0)
  return new Set((dropped.length > 0 ? dropped : rates).map(([place]) => place))
}

/**
 * Keys that published GPT-Neo files carry beside the parameters: causal masks, which older versions of the library
 * stored, and a copy of the embedding.
 */
export function ignorableGptNeoWeights(config: GptNeoConfig): ReadonlySet<string> {
  const masks = config.attention.flatMap((_, i) =>
    ['bias', 'masked_bias'].map((name) => `transformer.h.${i}.attn.attention.${name}`),
  )
  return new Set(['lm_head.weight', ...masks])
}

/** The keys of everything in a file that was saved without the head, by the names with it. */
export function gptNeoStoredNames(config: GptNeoConfig): ReadonlyMap<string, string> {
  const names = [...gptNeoParameters(config).keys(), ...ignorableGptNeoWeights(config)]
  return new Map(names.map((name) => [name, name.replace(/^transformer\./, '')]))
}

/** The linear layers of the blocks, as module paths with `[out, in]` sizes. */
export function gptNeoLinears({
  layers,
  width,
  feedForwardWidth,
}: GptNeoConfig): ReadonlyMap<string, readonly [out: number, into: number]> {
  const linears = new Map<string, readonly [number, number]>()
  for (let i = 0; i < layers; i++) {
    const block = `transformer.h.${i}`
    for (const name of ['k_proj', 'v_proj', 'q_proj', 'out_proj'])
      linears.set(`${block}.attn.attention.${name}`, [width, width])
    linears.set(`${block}.mlp.c_fc`, [feedForwardWidth, width])
    linears.set(`${block}.mlp.c_proj`, [width, feedForwardWidth])
  }
  return linears
}

/** Every parameter of a GPT-Neo with its shape, by its Hugging Face name. */
export function gptNeoParameters(config: GptNeoConfig): ParameterShapes {
  const { width, vocabularySize, maxLength, layers, tiedHead } = config
  const shapes = new Map<string, readonly number[]>([
    ['transformer.wte.weight', [vocabularySize, width]],
    ['transformer.wpe.weight', [maxLength, width]],
  ])
  for (const [path, [out, into]] of gptNeoLinears(config)) {
    shapes.set(`${path}.weight`, [out, into])
    // Queries, keys and values have no bias.
    if (/\.(out_proj|c_fc|c_proj)$/.test(path)) shapes.set(`${path}.bias`, [out])
  }
  const norms = Array.from({ length: layers }, (_, i) => [
    `transformer.h.${i}.ln_1`,
    `transformer.h.${i}.ln_2`,
  ])
  for (const path of [...norms.flat(), 'transformer.ln_f'])
    for (const name of ['weight', 'bias']) shapes.set(`${path}.${name}`, [width])
  if (!tiedHead) shapes.set('lm_head.weight', [vocabularySize, width])
  return shapes
}

function invalid(path: string, field: string, reason: string): TrainerError {
  return new TrainerError(
    'model_invalid',
    `${path}: ${field} is not usable (${reason}). Download the folder again if it was changed.`,
    { path, field },
  )
}

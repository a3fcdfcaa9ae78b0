import { z } from 'zod'
import { TrainerError } from '../errors.ts'
import type { ParameterShapes } from './weights.ts'

const size = z.int().positive().max(1_000_000)

const configSchema = z.object({
  model_type: z.literal('t5'),
  vocab_size: size,
  d_model: size,
  d_kv: size,
  d_ff: size,
  num_layers: z.int().positive().max(1000),
  num_decoder_layers: z.int().positive().max(1000).nullish(),
  num_heads: z.int().positive().max(1000),
  relative_attention_num_buckets: z.int().min(4).max(4096).default(32),
  relative_attention_max_distance: z.int().min(2).max(65_536).default(128),
  layer_norm_epsilon: z.number().positive().default(1e-6),
  dropout_rate: z.number().min(0).lt(1).default(0.1),
  feed_forward_proj: z.enum(['relu', 'gated-gelu']).default('relu'),
  tie_word_embeddings: z.boolean().nullish(),
  scale_decoder_outputs: z.boolean().nullish(),
  pad_token_id: z.int().nonnegative().default(0),
  eos_token_id: z.union([z.int().nonnegative(), z.array(z.int().nonnegative()).min(1)]).default(1),
  decoder_start_token_id: z.int().nonnegative().nullish(),
  n_positions: size.default(512),
})

/** The configuration of a T5 (Raffel et al. 2020): v1.0 with ReLU, or v1.1 and Flan with gated GELU. */
export interface T5Config {
  readonly modelType: 't5'
  readonly vocabularySize: number
  readonly width: number
  readonly headWidth: number
  readonly feedForwardWidth: number
  readonly encoderLayers: number
  readonly decoderLayers: number
  readonly heads: number
  readonly buckets: number
  readonly maxDistance: number
  readonly epsilon: number
  readonly dropout: number
  readonly gated: boolean
  /** The head shares the embedding. */
  readonly tiedHead: boolean
  /** What goes into the head is multiplied by width^-0.5. */
  readonly scaledHead: boolean
  readonly padTokenId: number
  readonly eosTokenId: number
  readonly decoderStartTokenId: number
  /** Tokens that the model was made for; relative positions bound nothing by themselves. */
  readonly maxLength: number
}

/**
 * Reads a T5 `config.json`. Whether the head is shared and scaled is decided as Hugging Face's code does, for
 * folders of its versions 4 and 5: the latter writes `tie_word_embeddings: true` for every T5, says the scaling in
 * `scale_decoder_outputs`, and takes the head to be shared where the file holds no `lm_head.weight`.
 *
 * @throws TrainerError `model_invalid` naming the field, `model_unsupported` for another activation.
 */
export function parseT5Config(json: unknown, path: string, weightNames: ReadonlySet<string>): T5Config {
  const result = configSchema.safeParse(json)
  if (!result.success) {
    const issue = result.error.issues[0]
    const field = issue?.path.join('.') ?? ''
    throw new TrainerError(
      field === 'feed_forward_proj' ? 'model_unsupported' : 'model_invalid',
      `${path}: ${field} is not usable (${issue?.message ?? 'invalid'}). T5 with relu or gated-gelu is supported; download the folder again if it was changed.`,
      { path, field },
    )
  }
  const config = result.data
  const tied = config.tie_word_embeddings !== false
  const sharedByConfig = tied && config.scale_decoder_outputs == null
  const [firstEos = 1] = [config.eos_token_id].flat()
  const marks = [
    ['pad_token_id', config.pad_token_id],
    ['eos_token_id', firstEos],
    ['decoder_start_token_id', config.decoder_start_token_id ?? config.pad_token_id],
  ] as const
  for (const [field, id] of marks)
    if (id >= config.vocab_size)
      throw new TrainerError(
        'model_invalid',
        `${path}: ${field} is not usable (token ${id} lies outside the vocabulary of ${config.vocab_size}). Download the folder again if it was changed.`,
        { path, field },
      )
  return Object.freeze({
    modelType: 't5',
    vocabularySize: config.vocab_size,
    width: config.d_model,
    headWidth: config.d_kv,
    feedForwardWidth: config.d_ff,
    encoderLayers: config.num_layers,
    decoderLayers: config.num_decoder_layers ?? config.num_layers,
    heads: config.num_heads,
    buckets: config.relative_attention_num_buckets,
    maxDistance: config.relative_attention_max_distance,
    epsilon: config.layer_norm_epsilon,
    dropout: config.dropout_rate,
    gated: config.feed_forward_proj === 'gated-gelu',
    tiedHead: sharedByConfig || !weightNames.has('lm_head.weight'),
    scaledHead: config.scale_decoder_outputs ?? tied,
    padTokenId: config.pad_token_id,
    eosTokenId: firstEos,
    decoderStartTokenId: config.decoder_start_token_id ?? config.pad_token_id,
    maxLength: config.n_positions,
  })
}

/** Keys that published T5 files carry beside the parameters: copies of the embedding, and one that is unused. */
export const ignorableT5Weights: ReadonlySet<string> = new Set([
  'encoder.embed_tokens.weight',
  'decoder.embed_tokens.weight',
  'decoder.block.0.layer.1.EncDecAttention.relative_attention_bias.weight',
  'lm_head.weight',
])

/** The linear layers of a stack's blocks, as module paths with `[out, in]` sizes. */
export function t5Linears(config: T5Config): ReadonlyMap<string, readonly [out: number, into: number]> {
  const inner = config.heads * config.headWidth
  const linears = new Map<string, readonly [number, number]>()
  const addAttention = (path: string) => {
    for (const name of ['q', 'k', 'v']) linears.set(`${path}.${name}`, [inner, config.width])
    linears.set(`${path}.o`, [config.width, inner])
  }
  const addFeedForward = (path: string) => {
    for (const name of config.gated ? ['wi_0', 'wi_1'] : ['wi'])
      linears.set(`${path}.DenseReluDense.${name}`, [config.feedForwardWidth, config.width])
    linears.set(`${path}.DenseReluDense.wo`, [config.width, config.feedForwardWidth])
  }
  for (let i = 0; i < config.encoderLayers; i++) {
    addAttention(`encoder.block.${i}.layer.0.SelfAttention`)
    addFeedForward(`encoder.block.${i}.layer.1`)
  }
  for (let i = 0; i < config.decoderLayers; i++) {
    addAttention(`decoder.block.${i}.layer.0.SelfAttention`)
    addAttention(`decoder.block.${i}.layer.1.EncDecAttention`)
    addFeedForward(`decoder.block.${i}.layer.2`)
  }
  return linears
}

/** Every parameter of a T5 with its shape, by its Hugging Face name. */
export function t5Parameters(config: T5Config): ParameterShapes {
  const shapes = new Map<string, readonly number[]>([
    ['shared.weight', [config.vocabularySize, config.width]],
  ])
  for (const [path, [out, into]] of t5Linears(config)) shapes.set(`${path}.weight`, [out, into])
  const norm = (path: string) => shapes.set(`${path}.weight`, [config.width])
  for (const [stack, layers, sublayers] of [
    ['encoder', config.encoderLayers, 2],
    ['decoder', config.decoderLayers, 3],
  ] as const) {
    shapes.set(`${stack}.block.0.layer.0.SelfAttention.relative_attention_bias.weight`, [
      config.buckets,
      config.heads,
    ])
    for (let i = 0; i < layers; i++)
      for (let j = 0; j < sublayers; j++) norm(`${stack}.block.${i}.layer.${j}.layer_norm`)
    norm(`${stack}.final_layer_norm`)
  }
  if (!config.tiedHead) shapes.set('lm_head.weight', [config.vocabularySize, config.width])
  return shapes
}

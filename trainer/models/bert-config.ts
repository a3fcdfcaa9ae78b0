import { z } from 'zod'
import { TrainerError } from '../errors.ts'
import type { ExtractiveConfig } from './architecture.ts'

const size = z.int().positive().max(1_000_000)
const count = z.int().positive().max(1000)
const rate = z.number().min(0).lt(1).default(0.1)
const padTokenId = z.int().nonnegative().nullish()

const bertSchema = z.object({
  model_type: z.literal('bert'),
  vocab_size: size,
  hidden_size: size,
  num_hidden_layers: count,
  num_attention_heads: count,
  intermediate_size: size,
  hidden_act: z.enum(['gelu']).default('gelu'),
  hidden_dropout_prob: rate,
  max_position_embeddings: size.default(512),
  type_vocab_size: z.int().positive().max(1000).default(2),
  layer_norm_eps: z.number().positive().default(1e-12),
  position_embedding_type: z.enum(['absolute']).default('absolute'),
  is_decoder: z.literal(false).nullish(),
  pad_token_id: padTokenId,
})

const distilBertSchema = z.object({
  model_type: z.literal('distilbert'),
  vocab_size: size,
  dim: size,
  n_layers: count,
  n_heads: count,
  hidden_dim: size,
  activation: z.enum(['gelu']).default('gelu'),
  dropout: rate,
  max_position_embeddings: size.default(512),
  pad_token_id: padTokenId,
})

/** The fields whose values name a variant that is not built in; others are damage. */
const variants: ReadonlySet<string> = new Set([
  'hidden_act',
  'activation',
  'position_embedding_type',
  'is_decoder',
])

/** The configuration of a BERT (Devlin et al. 2019) or a DistilBERT (Sanh et al. 2019). */
export interface BertConfig extends ExtractiveConfig {
  readonly modelType: 'bert' | 'distilbert'
  readonly epsilon: number
}

/**
 * Reads the config.json of a BERT.
 *
 * @throws TrainerError `model_unsupported` for another activation or kind of positions, `model_invalid` for a field
 * that is missing or out of range.
 */
export function parseBertConfig(json: unknown, path: string): BertConfig {
  const config = parse(bertSchema, json, path)
  return finish(path, {
    modelType: 'bert',
    vocabularySize: config.vocab_size,
    width: config.hidden_size,
    heads: config.num_attention_heads,
    layers: config.num_hidden_layers,
    feedForwardWidth: config.intermediate_size,
    tokenTypes: config.type_vocab_size,
    maxLength: config.max_position_embeddings,
    epsilon: config.layer_norm_eps,
    dropout: config.hidden_dropout_prob,
    padTokenId: config.pad_token_id ?? 0,
  })
}

/** Reads the config.json of a DistilBERT; throws as `parseBertConfig`. */
export function parseDistilBertConfig(json: unknown, path: string): BertConfig {
  const config = parse(distilBertSchema, json, path)
  return finish(path, {
    modelType: 'distilbert',
    vocabularySize: config.vocab_size,
    width: config.dim,
    heads: config.n_heads,
    layers: config.n_layers,
    feedForwardWidth: config.hidden_dim,
    tokenTypes: 0,
    maxLength: config.max_position_embeddings,
    epsilon: 1e-12,
    dropout: config.dropout,
    padTokenId: config.pad_token_id ?? 0,
  })
}

function finish(path: string, config: Omit<BertConfig, 'headWidth' | 'eosTokenId'>): BertConfig {
  const { width, heads, vocabularySize, padTokenId: pad } = config
  if (width % heads !== 0 || pad >= vocabularySize)
    throw new TrainerError(
      'model_invalid',
      width % heads !== 0
        ? `${path}: a width of ${width} cannot be divided among ${heads} heads. Download the folder again.`
        : `${path}: the padding token ${pad} lies outside a vocabulary of ${vocabularySize}. Download the folder again.`,
      { path },
    )
  return Object.freeze({ ...config, headWidth: width / heads, eosTokenId: null })
}

function parse<T>(schema: z.ZodType<T>, json: unknown, path: string): T {
  const result = schema.safeParse(json)
  if (result.success) return result.data
  const issue = result.error.issues[0]
  const field = issue?.path.join('.') ?? ''
  const unsupported = variants.has(field)
  throw new TrainerError(
    unsupported ? 'model_unsupported' : 'model_invalid',
    unsupported
      ? `${path}: ${field} names a variant that is not built in (${issue?.message ?? 'invalid'}). BERT and DistilBERT encoders with gelu and absolute positions are supported; choose such a model.`
      : `${path}: ${field} is not usable (${issue?.message ?? 'invalid'}). Download the folder again if it was changed.`,
    { path, field },
  )
}

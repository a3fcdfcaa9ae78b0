import {
  add,
  concat,
  dimension,
  gather,
  gemm,
  less,
  mul,
  range,
  relu,
  reshape,
  sub,
  where,
} from '../graph/ops.ts'
import { product } from '../graph/shape.ts'
import type { Dim } from '../graph/shape.ts'
import { constant, input } from '../graph/tensor.ts'
import type { Tensor } from '../graph/tensor.ts'
import { absorbedAttention } from '../nn/absorbed-attention.ts'
import { attention, splitHeads } from '../nn/attention.ts'
import { drop } from '../nn/dropout.ts'
import { gatedGelu, rmsNorm } from '../nn/layers.ts'
import { headLoss } from '../nn/losses.ts'
import { relativePositionBias } from '../nn/relative-position.ts'
import { gatheredRows, maskOf, paddedRows, placedTokens } from '../nn/token-rows.ts'
import type { PlacedTokens, TokenRows } from '../nn/token-rows.ts'
import type { BuildContext, Seq2SeqArchitecture } from './architecture.ts'
import { encodeForward, stepForward } from './t5-answering.ts'
import { ignorableT5Weights, t5Linears, t5Parameters } from './t5-config.ts'
import type { T5Config } from './t5-config.ts'

/** Added to the scores of padding: far below any score, far from overflow. */
const masked = -1e9

/**
 * T5 (Raffel et al. 2020), v1.0 and v1.1/Flan: pre-norm blocks, relative positions shared by the layers of a
 * stack, no biases. Compared with Hugging Face's `T5ForConditionalGeneration` in `test/models`.
 */
export function t5(config: T5Config): Seq2SeqArchitecture {
  return {
    kind: 'seq2seq',
    config,
    parameters: t5Parameters(config),
    ignorableWeights: ignorableT5Weights,
    freshParameters: new Set(),
    linears: t5Linears(config),
    loss: (context, labelSmoothing) => {
      const rows = gather(decodeWhole(config, context), input('labelRows', 'int64', ['labels']))
      const labels = input('labels', 'int64', ['labels'])
      return headLoss(scaleForHead(config, rows), headWeight(config, context), labels, labelSmoothing)
    },
    logits: (context) => head(config, context, decodeWhole(config, context)),
    encode: (context) => encode(config, context),
    step: (context) => step(config, context),
    encodeForward: (context) => encodeForward(config, context),
    ...(config.headWidth % 8 === 0 ? { stepInPlace: (context) => stepForward(config, context) } : {}),
    encoderOutput: (context) => {
      const hidden = encoder(config, context, paddedSource(config))
      return { hidden: reshape(hidden, ['batch', 'source', config.width]) }
    },
    crossOf: (context) => {
      const hidden = input('hidden', 'float32', ['batch', 'source', config.width])
      return crossKeyValues(config, context, reshape(hidden, [product(['batch', 'source']), config.width]))
    },
    continue: (context) => continueOver(config, context),
  }
}

function encode(config: T5Config, context: BuildContext): Record<string, Tensor> {
  return crossKeyValues(config, context, encoder(config, context, paddedSource(config)))
}

/** What the decoder attends to of the encoder's output `[batch·source, width]`. */
function crossKeyValues(config: T5Config, context: BuildContext, hidden: Tensor): Record<string, Tensor> {
  const results: Record<string, Tensor> = {}
  for (let i = 0; i < config.decoderLayers; i++) {
    const path = `decoder.block.${i}.layer.1.EncDecAttention`
    results[`cross.${i}.key`] = heads(config, context.linear(hidden, `${path}.k`), 'source')
    results[`cross.${i}.value`] = heads(config, context.linear(hidden, `${path}.v`), 'source')
  }
  return results
}

function step(config: T5Config, context: BuildContext): Record<string, Tensor> {
  const embedded = gather(context.parameters('shared.weight'), input('token', 'int64', ['batch']))
  const { hidden, presents } = decodeOverCache(config, context, embedded, { length: 1, keys: 'past+1' })
  return { logits: head(config, context, hidden), ...presents }
}

function continueOver(config: T5Config, context: BuildContext): Record<string, Tensor> {
  const ids = input('decoderInputIds', 'int64', ['batch', 'target'])
  const embedded = embed(config, context, ids)
  const { hidden, presents } = decodeOverCache(config, context, embedded, {
    length: 'target',
    keys: 'past+target',
  })
  const logits = head(config, context, hidden)
  return { logits: reshape(logits, ['batch', 'target', config.vocabularySize]), ...presents }
}

/** Decodes new tokens, embedded `[batch·length, width]`, after those of the cache. */
function decodeOverCache(
  config: T5Config,
  context: BuildContext,
  embedded: Tensor,
  { length, keys }: { readonly length: Dim; readonly keys: Dim },
): { readonly hidden: Tensor; readonly presents: Record<string, Tensor> } {
  const cache = (name: string, past: Dim) =>
    input(name, 'float32', ['batch', config.heads, past, config.headWidth])
  const crossBias = paddingBias(input('attentionMask', 'float32', ['batch', 'source']))
  const positions = positionBias(config, context, 'decoder', {
    queries: length,
    keys,
    queryOffset: dimension('past'),
  })
  const selfBias = length === 1 ? positions : add(positions, causalBias(length, keys))
  const presents: Record<string, Tensor> = {}
  let hidden = embedded
  for (let i = 0; i < config.decoderLayers; i++) {
    hidden = decoderBlock(config, context, hidden, i, {
      rows: paddedRows(layout(config, length)),
      selfBias,
      crossBias,
      selfKeyValue: (key, value) => {
        const present = {
          key: concat([cache(`past.${i}.key`, 'past'), key], 2),
          value: concat([cache(`past.${i}.value`, 'past'), value], 2),
        }
        presents[`present.${i}.key`] = present.key
        presents[`present.${i}.value`] = present.value
        return present
      },
      crossKeyValue: () => ({
        key: cache(`cross.${i}.key`, 'source'),
        value: cache(`cross.${i}.value`, 'source'),
      }),
    })
  }
  return { hidden: norm(config, context, hidden, 'decoder.final_layer_norm'), presents }
}

/** What the head is given of whole targets without a cache, `[targetTokens, width]`. */
function decodeWhole(config: T5Config, context: BuildContext): Tensor {
  const source = placedTokens('source', { tokens: 'sourceTokens', rows: 'batch', length: 'source' })
  const target = placedTokens('target', { tokens: 'targetTokens', rows: 'batch', length: 'target' })
  const crossBias = paddingBias(maskOf(source))
  const sourceRows = gatheredRows(source, config)
  const rows = gatheredRows(target, config)
  const encoded = encoder(config, context, {
    ids: input('sourceIds', 'int64', ['sourceTokens']),
    bias: crossBias,
    rows: sourceRows,
  })
  const positions = positionBias(config, context, 'decoder', { queries: 'target', keys: 'target' })
  const selfBias = add(positions, causalBias('target', 'target'))
  const absorbed = absorbedRows(config, { source, target, encoded })
  const targetIds = input('targetIds', 'int64', ['targetTokens'])
  let hidden = drop(embed(config, context, targetIds), context.dropout)
  for (let i = 0; i < config.decoderLayers; i++) {
    const path = `decoder.block.${i}.layer.1.EncDecAttention`
    const output = decoderBlock(config, context, hidden, i, {
      rows,
      selfBias,
      crossBias,
      selfKeyValue: (key, value) => ({ key, value }),
      crossKeyValue: () => ({
        key: sourceRows.split(context.linear(encoded, `${path}.k`)),
        value: sourceRows.split(context.linear(encoded, `${path}.v`)),
      }),
      absorbedCross: (query) => {
        const streams = { path, query: absorbed.pad(query), encoded: absorbed.encoded, bias: crossBias }
        const gathered = absorbedCross(config, context, streams)
        return gathered && absorbed.unpad(gathered)
      },
    })
    hidden = context.block?.(output, [hidden, encoded, selfBias, crossBias]) ?? output
  }
  return drop(norm(config, context, hidden, 'decoder.final_layer_norm'), context.dropout)
}

/** Queries `[targetTokens, heads·headWidth]` and what they attend to in padded rows, as `absorbedAttention` has them. */
function absorbedRows(
  { width, heads, headWidth }: T5Config,
  { source, target, encoded }: Readonly<Record<'source' | 'target', PlacedTokens>> & { encoded: Tensor },
) {
  const inner = heads * headWidth
  const whole = (placed: PlacedTokens, width: number) => gatheredRows(placed, { heads: 1, headWidth: width })
  const queries = whole(target, inner)
  return {
    encoded: reshape(whole(source, width).split(encoded), [product(['batch', 'source']), width]),
    pad: (query: Tensor) => reshape(queries.split(query), [product(['batch', 'target']), inner]),
    unpad: (x: Tensor) => queries.merge(reshape(x, ['batch', 1, 'target', inner])),
  }
}

/** Cross-attention without projecting the source, where targets are short; null where it cannot be, or costs more. */
function absorbedCross(
  { heads, headWidth, width }: T5Config,
  { weight, targetLength, dropout }: BuildContext,
  streams: { readonly path: string; readonly query: Tensor; readonly encoded: Tensor; readonly bias: Tensor },
): Tensor | null {
  if (targetLength === undefined || targetLength > headWidth / 2) return null
  const { path, query, encoded, bias } = streams
  const [key, value] = [weight?.(`${path}.k`), weight?.(`${path}.v`)]
  if (!key || !value) return null
  const sizes = { batch: 'batch', queries: 'target', keys: 'source', heads, headWidth, width }
  return absorbedAttention(query, encoded, { key, value }, { ...sizes, bias, dropout })
}

interface Source {
  readonly ids: Tensor
  /** What hides padding from attention, `[batch, 1, 1, source]`. */
  readonly bias: Tensor
  readonly rows: TokenRows
}

/** Prompts padded to the longest, as answering reads them. */
function paddedSource(config: T5Config): Source {
  return {
    ids: input('inputIds', 'int64', ['batch', 'source']),
    bias: paddingBias(input('attentionMask', 'float32', ['batch', 'source'])),
    rows: paddedRows(layout(config, 'source')),
  }
}

/** A vector of `width` for each token of the source. */
function encoder(config: T5Config, context: BuildContext, { ids, rows, ...source }: Source): Tensor {
  const positions = positionBias(config, context, 'encoder', { queries: 'source', keys: 'source' })
  const bias = add(positions, source.bias)
  let hidden = drop(embed(config, context, ids), context.dropout)
  for (let i = 0; i < config.encoderLayers; i++) {
    const block = `encoder.block.${i}`
    const normed = norm(config, context, hidden, `${block}.layer.0.layer_norm`)
    const path = `${block}.layer.0.SelfAttention`
    const attended = attend(context, {
      query: rows.split(context.linear(normed, `${path}.q`)),
      key: rows.split(context.linear(normed, `${path}.k`)),
      value: rows.split(context.linear(normed, `${path}.v`)),
      bias,
      rows,
    })
    const mixed = add(hidden, drop(context.linear(attended, `${path}.o`), context.dropout))
    const output = feedForward(config, context, mixed, `${block}.layer.1`)
    hidden = context.block?.(output, [hidden, bias]) ?? output
  }
  return drop(norm(config, context, hidden, 'encoder.final_layer_norm'), context.dropout)
}

/** The bias of a stack, from the table in its first layer that all its layers share. */
function positionBias(
  { buckets, maxDistance }: T5Config,
  { parameters }: BuildContext,
  stack: 'encoder' | 'decoder',
  span: { queries: Dim; keys: Dim; queryOffset?: Tensor },
): Tensor {
  const table = parameters(`${stack}.block.0.layer.0.SelfAttention.relative_attention_bias.weight`)
  return relativePositionBias(table, { buckets, maxDistance, bidirectional: stack === 'encoder', ...span })
}

interface KeyValue {
  readonly key: Tensor
  readonly value: Tensor
}

/** What differs between decoding a whole target at once and one token over a cache. */
interface DecoderStreams {
  readonly rows: TokenRows
  readonly selfBias: Tensor
  readonly crossBias: Tensor
  selfKeyValue(key: Tensor, value: Tensor): KeyValue
  crossKeyValue(): KeyValue
  /** What cross-attention gathers, where it does without keys and values. */
  absorbedCross?(query: Tensor): Tensor | null
}

function decoderBlock(
  config: T5Config,
  context: BuildContext,
  input: Tensor,
  index: number,
  streams: DecoderStreams,
): Tensor {
  const block = `decoder.block.${index}`
  const { rows } = streams
  let hidden = input
  {
    const path = `${block}.layer.0.SelfAttention`
    const normed = norm(config, context, hidden, `${block}.layer.0.layer_norm`)
    const { key, value } = streams.selfKeyValue(
      rows.split(context.linear(normed, `${path}.k`)),
      rows.split(context.linear(normed, `${path}.v`)),
    )
    const query = rows.split(context.linear(normed, `${path}.q`))
    const attended = attend(context, { query, key, value, bias: streams.selfBias, rows })
    hidden = add(hidden, drop(context.linear(attended, `${path}.o`), context.dropout))
  }
  {
    const path = `${block}.layer.1.EncDecAttention`
    const normed = norm(config, context, hidden, `${block}.layer.1.layer_norm`)
    const query = context.linear(normed, `${path}.q`)
    const split = () => ({ query: rows.split(query), ...streams.crossKeyValue() })
    const attended =
      streams.absorbedCross?.(query) ?? attend(context, { ...split(), bias: streams.crossBias, rows })
    hidden = add(hidden, drop(context.linear(attended, `${path}.o`), context.dropout))
  }
  return feedForward(config, context, hidden, `${block}.layer.2`)
}

function feedForward(config: T5Config, context: BuildContext, hidden: Tensor, layer: string): Tensor {
  const normed = norm(config, context, hidden, `${layer}.layer_norm`)
  const path = `${layer}.DenseReluDense`
  const inner = config.gated
    ? gatedGelu(context.linear(normed, `${path}.wi_0`), context.linear(normed, `${path}.wi_1`), {
        fused: context.fusedNorms,
      })
    : relu(context.linear(normed, `${path}.wi`))
  const outer = context.linear(drop(inner, context.dropout), `${path}.wo`)
  return add(hidden, drop(outer, context.dropout))
}

function attend(
  { dropout }: BuildContext,
  streams: KeyValue & { readonly query: Tensor; readonly bias: Tensor; readonly rows: TokenRows },
): Tensor {
  const { query, key, value, bias, rows } = streams
  return rows.merge(attention(query, key, value, { bias, dropout }))
}

function layout(config: T5Config, length: Dim) {
  return { batch: 'batch', length, heads: config.heads, headWidth: config.headWidth }
}

function heads(config: T5Config, x: Tensor, length: Dim): Tensor {
  return splitHeads(x, layout(config, length))
}

function embed(config: T5Config, { parameters }: BuildContext, ids: Tensor): Tensor {
  return reshape(gather(parameters('shared.weight'), ids), [product(ids.shape), config.width])
}

function norm(config: T5Config, context: BuildContext, x: Tensor, path: string): Tensor {
  return rmsNorm(x, context.parameters(`${path}.weight`), {
    epsilon: config.epsilon,
    fused: context.fusedNorms,
  })
}

function headWeight(config: T5Config, { parameters }: BuildContext): Tensor {
  return parameters(config.tiedHead ? 'shared.weight' : 'lm_head.weight')
}

// T5 1.0 scales what goes into the shared head, since the embedding's values are of unit size.
function scaleForHead(config: T5Config, hidden: Tensor): Tensor {
  return config.scaledHead ? mul(hidden, constant(config.width ** -0.5)) : hidden
}

function head(config: T5Config, context: BuildContext, hidden: Tensor): Tensor {
  return gemm(scaleForHead(config, hidden), headWeight(config, context), { transB: true })
}

/** `[batch, 1, 1, source]`: 0 for tokens, far below every score for padding. */
function paddingBias(attentionMask: Tensor): Tensor {
  const padding = sub(constant(1), attentionMask)
  return reshape(mul(padding, constant(masked)), ['batch', 1, 1, 'source'])
}

/** `[1, 1, length, keys]`: a position sees itself and what is before it, the cache of `past` tokens included. */
function causalBias(length: Dim, keys: Dim): Tensor {
  const positions = length === keys ? range(length) : add(range(length), dimension('past'))
  const hidden = less(reshape(positions, [length, 1]), reshape(range(keys), [1, keys]))
  return reshape(where(hidden, constant(masked), constant(0)), [1, 1, length, keys])
}

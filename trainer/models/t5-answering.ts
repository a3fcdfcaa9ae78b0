import { addRmsNorm, cachedAttention, forwardAttention } from '../graph/forward-ops.ts'
import { add, dimension, expand, gather, gemm, mul, relu, reshape, sub, transpose } from '../graph/ops.ts'
import { product } from '../graph/shape.ts'
import type { Dim } from '../graph/shape.ts'
import { constant, input } from '../graph/tensor.ts'
import type { Tensor } from '../graph/tensor.ts'
import { splitHeads } from '../nn/attention.ts'
import { candidatesOf } from '../nn/candidates.ts'
import { geluTanh, rmsNorm } from '../nn/layers.ts'
import { biasOfDistances, relativePositionBias } from '../nn/relative-position.ts'
import type { BuildContext } from './architecture.ts'
import type { T5Config } from './t5-config.ts'

/** Added to the scores of padding: far below any score, far from overflow. */
const masked = -1e9

/**
 * T5's encoder and the keys and values that the decoder attends to, of operators that the CPU has as one kernel each
 * and that have no gradients; feeds and results as those of `encode`.
 */
export function encodeForward(config: T5Config, context: BuildContext): Record<string, Tensor> {
  const { heads, headWidth, width } = config
  const ids = input('inputIds', 'int64', ['batch', 'source'])
  const positions = relativePositionBias(biasTable(context, 'encoder'), {
    ...buckets(config, true),
    queries: 'source',
    keys: 'source',
  })
  const bias = add(positions, paddingBias())
  let hidden = reshape(gather(context.parameters('shared.weight'), ids), ['batch*source', width])
  let normed = firstNorm(config, context, hidden, 'encoder.block.0.layer.0.layer_norm')
  for (let i = 0; i < config.encoderLayers; i++) {
    const block = `encoder.block.${i}`
    const path = `${block}.layer.0.SelfAttention`
    const rows = (name: string) =>
      reshape(context.linear(normed, `${path}.${name}`), ['batch', 'source', heads * headWidth])
    const attended = forwardAttention({ query: rows('q'), key: rows('k'), value: rows('v'), bias }, heads)
    const gathered = reshape(attended, ['batch*source', heads * headWidth])
    const change = context.linear(gathered, `${path}.o`)
    const mixed = addNorm(config, context, { hidden, change }, `${block}.layer.1.layer_norm`)
    const next =
      i + 1 < config.encoderLayers ? `encoder.block.${i + 1}.layer.0.layer_norm` : finalNorm('encoder')
    const output = feedForward(config, context, mixed.normed, `${block}.layer.1`)
    ;({ sum: hidden, normed } = addNorm(config, context, { hidden: mixed.sum, change: output }, next))
  }
  const layout = { batch: 'batch', length: 'source', heads, headWidth }
  return Object.fromEntries(
    Array.from({ length: config.decoderLayers }, (_, i) => {
      const path = `decoder.block.${i}.layer.1.EncDecAttention`
      return [
        [`cross.${i}.key`, splitHeads(context.linear(normed, `${path}.k`), layout)],
        [`cross.${i}.value`, splitHeads(context.linear(normed, `${path}.v`), layout)],
      ] as const
    }).flat(),
  )
}

/** A step of T5's decoder as `stepInPlace` of `Seq2SeqArchitecture` says. */
export function stepForward(config: T5Config, context: BuildContext): Record<string, Tensor> {
  const { heads, headWidth, width } = config
  const inner = heads * headWidth
  const rows = product(['batch', 'beams'])
  const cache = (name: string, dims: readonly [Dim, Dim]) =>
    input(name, 'float32', [dims[0], heads, dims[1], headWidth])
  const distances = input('keyDistances', 'int64', ['keys'])
  const selfBias = reshape(
    transpose(biasOfDistances(biasTable(context, 'decoder'), buckets(config, false), distances), [1, 0]),
    [1, heads, 1, 'keys'],
  )
  const crossBias = expand(paddingBias(), ['batch', 1, 'beams', 'source'])
  const presents: Record<string, Tensor> = {}
  const token = input('token', 'int64', ['batch', 'beams'])
  let hidden = reshape(gather(context.parameters('shared.weight'), token), [rows, width])
  let normed = firstNorm(config, context, hidden, 'decoder.block.0.layer.0.layer_norm')
  for (let i = 0; i < config.decoderLayers; i++) {
    const block = `decoder.block.${i}`
    const linear = (x: Tensor, path: string) => context.linear(x, `${block}.${path}`)
    const single = (name: string) =>
      reshape(linear(normed, `layer.0.SelfAttention.${name}`), [rows, 1, inner])
    const own = cachedAttention(
      {
        query: single('q'),
        key: single('k'),
        value: single('v'),
        bias: selfBias,
        pastKey: cache(`past.${i}.key`, [rows, 'capacity']),
        pastValue: cache(`past.${i}.value`, [rows, 'capacity']),
        total: dimension('keys'),
      },
      heads,
    )
    presents[`present.${i}.key`] = own.presentKey
    presents[`present.${i}.value`] = own.presentValue
    const ownChange = linear(reshape(own.attended, [rows, inner]), 'layer.0.SelfAttention.o')
    const first = addNorm(config, context, { hidden, change: ownChange }, `${block}.layer.1.layer_norm`)
    // The beams of an example ask the same keys: they are its queries.
    const query = reshape(linear(first.normed, 'layer.1.EncDecAttention.q'), ['batch', 'beams', inner])
    const attended = forwardAttention(
      {
        query,
        key: cache(`cross.${i}.key`, ['batch', 'source']),
        value: cache(`cross.${i}.value`, ['batch', 'source']),
        bias: crossBias,
      },
      heads,
    )
    const crossChange = linear(reshape(attended, [rows, inner]), 'layer.1.EncDecAttention.o')
    const second = addNorm(
      config,
      context,
      { hidden: first.sum, change: crossChange },
      `${block}.layer.2.layer_norm`,
    )
    const next =
      i + 1 < config.decoderLayers ? `decoder.block.${i + 1}.layer.0.layer_norm` : finalNorm('decoder')
    const change = feedForward(config, context, second.normed, `${block}.layer.2`)
    ;({ sum: hidden, normed } = addNorm(config, context, { hidden: second.sum, change }, next))
  }
  const scaled = config.scaledHead ? mul(normed, constant(width ** -0.5)) : normed
  const weight = context.parameters(config.tiedHead ? 'shared.weight' : 'lm_head.weight')
  const logits = gemm(scaled, weight, { transB: true })
  return { logits, ...candidatesOf(logits), ...presents }
}

function feedForward(config: T5Config, context: BuildContext, normed: Tensor, layer: string): Tensor {
  const linear = (x: Tensor, name: string) => context.linear(x, `${layer}.DenseReluDense.${name}`)
  const inner = config.gated
    ? mul(geluTanh(linear(normed, 'wi_0'), { fused: true }), linear(normed, 'wi_1'))
    : relu(linear(normed, 'wi'))
  return linear(inner, 'wo')
}

function firstNorm(config: T5Config, { parameters }: BuildContext, x: Tensor, path: string): Tensor {
  return rmsNorm(x, parameters(`${path}.weight`), { epsilon: config.epsilon, fused: true })
}

/** `hidden + change` and its norm by the layer at `path`. */
function addNorm(
  { epsilon }: T5Config,
  { parameters }: BuildContext,
  { hidden, change }: { readonly hidden: Tensor; readonly change: Tensor },
  path: string,
): { readonly sum: Tensor; readonly normed: Tensor } {
  return addRmsNorm(hidden, change, { scale: parameters(`${path}.weight`), epsilon })
}

function finalNorm(stack: 'encoder' | 'decoder'): string {
  return `${stack}.final_layer_norm`
}

function buckets({ buckets, maxDistance }: T5Config, bidirectional: boolean) {
  return { buckets, maxDistance, bidirectional }
}

function biasTable({ parameters }: BuildContext, stack: 'encoder' | 'decoder'): Tensor {
  return parameters(`${stack}.block.0.layer.0.SelfAttention.relative_attention_bias.weight`)
}

/** `[batch, 1, 1, source]`: 0 for tokens, far below every score for padding. */
function paddingBias(): Tensor {
  const padding = sub(constant(1), input('attentionMask', 'float32', ['batch', 'source']))
  return reshape(mul(padding, constant(masked)), ['batch', 1, 1, 'source'])
}

import { add, concat, dimension, gather, gemm, reshape, slice } from '../graph/ops.ts'
import { product } from '../graph/shape.ts'
import { input, integers } from '../graph/tensor.ts'
import type { Tensor } from '../graph/tensor.ts'
import { attention } from '../nn/attention.ts'
import { cacheBias, segmentBias } from '../nn/causal-mask.ts'
import { drop } from '../nn/dropout.ts'
import type { DropoutBank } from '../nn/dropout.ts'
import { geluTanh, layerNorm } from '../nn/layers.ts'
import { headLoss } from '../nn/losses.ts'
import { gatheredRows, paddedRows, placedTokens } from '../nn/token-rows.ts'
import type { TokenRows } from '../nn/token-rows.ts'
import type { BuildContext, CausalArchitecture } from './architecture.ts'
import {
  gptNeoLinears,
  gptNeoParameters,
  gptNeoStoredNames,
  ignorableGptNeoWeights,
} from './gpt-neo-config.ts'
import type { DropoutPlace, GptNeoConfig } from './gpt-neo-config.ts'

/**
 * GPT-Neo (Black et al. 2021): pre-norm blocks, learned positions, layers that see everything before a token in turn
 * with layers that see a window, attention without scaling, no bias on queries, keys and values. Compared with Hugging
 * Face's `GPTNeoForCausalLM` in `test/models`.
 */
export function gptNeo(config: GptNeoConfig): CausalArchitecture {
  return {
    kind: 'causal',
    config,
    parameters: gptNeoParameters(config),
    ignorableWeights: ignorableGptNeoWeights(config),
    freshParameters: new Set(),
    ...(config.prefixed ? {} : { storedNames: gptNeoStoredNames(config) }),
    linears: gptNeoLinears(config),
    loss: (context, labelSmoothing) => {
      const rows = input('labelRows', 'int64', ['labels'])
      const labels = input('labels', 'int64', ['labels'])
      const hidden = packed(config, context, rows)
      return headLoss(hidden, headWeight(config, context), labels, labelSmoothing)
    },
    logits: (context) => head(config, context, packed(config, context, null)),
    step: (context) => step(config, context, 'last'),
    continue: (context) => {
      const { logits, ...presents } = step(config, context, 'all')
      return { logits: reshape(logits, ['batch', 'length', config.vocabularySize]), ...presents }
    },
  }
}

/**
 * What the head is given, for whole texts without a cache: `[tokens, width]`, or of `wantedRows` alone, for which the
 * last block computes nothing else that follows its attention.
 */
function packed(config: GptNeoConfig, context: BuildContext, wantedRows: Tensor | null): Tensor {
  const segmentIds = input('segmentIds', 'int64', ['batch', 'length'])
  const bias = { global: segmentBias(segmentIds, null), local: segmentBias(segmentIds, config.window) }
  const placed = placedTokens('token', { tokens: 'tokens', rows: 'batch', length: 'length' })
  const rows = gatheredRows(placed, config)
  let hidden = embed(config, context, {
    ids: input('tokenIds', 'int64', ['tokens']),
    positions: input('tokenPositions', 'int64', ['tokens']),
  })
  config.attention.forEach((reach, i) => {
    const path = `transformer.h.${i}`
    const attended = attend(config, context, hidden, {
      path,
      rows,
      bias: bias[reach],
      keyValue: (key, value) => ({ key, value }),
    })
    const last = i === config.layers - 1 ? wantedRows : null
    const pick = (x: Tensor) => (last ? gather(x, last) : x)
    const output = feedForward(config, context, path, { attended: pick(attended), residual: pick(hidden) })
    hidden = context.block?.(output, [hidden, bias[reach]]) ?? output
  })
  return norm(config, context, hidden, 'transformer.ln_f')
}

/** New tokens over a cache; logits of all of them, `[batch·length, vocabulary]`, or of the last of each row. */
function step(
  config: GptNeoConfig,
  context: BuildContext,
  wanted: 'all' | 'last',
): { readonly logits: Tensor } & Record<string, Tensor> {
  const attentionMask = input('attentionMask', 'float32', ['batch', 'past+length'])
  const cache = (name: string) => input(name, 'float32', ['batch', config.heads, 'past', config.headWidth])
  const span = { queries: 'length', queryOffset: dimension('past') }
  const bias = {
    global: cacheBias(attentionMask, { ...span, window: null }),
    local: cacheBias(attentionMask, { ...span, window: config.window }),
  }
  const presents: Record<string, Tensor> = {}
  const rows = paddedRows({
    batch: 'batch',
    length: 'length',
    heads: config.heads,
    headWidth: config.headWidth,
  })
  const shape = ['batch', 'length']
  let hidden = embed(config, context, {
    ids: input('inputIds', 'int64', shape),
    positions: input('positionIds', 'int64', shape),
  })
  config.attention.forEach((reach, i) => {
    const path = `transformer.h.${i}`
    const attended = attend(config, context, hidden, {
      path,
      rows,
      bias: bias[reach],
      keyValue: (key, value) => {
        const present = {
          key: concat([cache(`past.${i}.key`), key], 2),
          value: concat([cache(`past.${i}.value`), value], 2),
        }
        presents[`present.${i}.key`] = present.key
        presents[`present.${i}.value`] = present.value
        return present
      },
    })
    const last = wanted === 'last' && i === config.layers - 1
    const pick = (x: Tensor) => (last ? lastTokens(config, x) : x)
    hidden = feedForward(config, context, path, { attended: pick(attended), residual: pick(hidden) })
  })
  return { logits: head(config, context, norm(config, context, hidden, 'transformer.ln_f')), ...presents }
}

/** Of `[batch·length, width]` the last token of each row, `[batch, width]`. */
function lastTokens({ width }: GptNeoConfig, x: Tensor): Tensor {
  const end = reshape(add(dimension('length'), integers(-1)), [1])
  return reshape(slice(reshape(x, ['batch', 'length', width]), 1, end, 1), ['batch', width])
}

/** Tokens and their positions, a vector of `width` for each. */
function embed(
  { width, dropoutPlaces }: GptNeoConfig,
  context: BuildContext,
  { ids, positions }: { readonly ids: Tensor; readonly positions: Tensor },
): Tensor {
  const rows = (name: string, indices: Tensor) =>
    reshape(gather(context.parameters(name), indices), [product(ids.shape), width])
  const embedded = add(rows('transformer.wte.weight', ids), rows('transformer.wpe.weight', positions))
  return drop(embedded, bankAt(context, dropoutPlaces, 'embedding'))
}

interface KeyValue {
  readonly key: Tensor
  readonly value: Tensor
}

interface AttentionStreams {
  readonly path: string
  readonly rows: TokenRows
  readonly bias: Tensor
  /** What is attended to: the keys and values of these tokens alone, or behind those of a cache. */
  keyValue(key: Tensor, value: Tensor): KeyValue
}

/** What a block's attention gathers, before its output layer: a vector of `width` for each token. */
function attend(
  config: GptNeoConfig,
  context: BuildContext,
  hidden: Tensor,
  { path, rows, bias, keyValue }: AttentionStreams,
): Tensor {
  const normed = norm(config, context, hidden, `${path}.ln_1`)
  const project = (name: string) => rows.split(context.linear(normed, `${path}.attn.attention.${name}`))
  const query = project('q_proj')
  const { key, value } = keyValue(project('k_proj'), project('v_proj'))
  const dropout = bankAt(context, config.dropoutPlaces, 'attention')
  return rows.merge(attention(query, key, value, { bias, dropout }))
}

/** The rest of a block: the output layer of its attention and the feed-forward layers, each with its residual. */
function feedForward(
  config: GptNeoConfig,
  context: BuildContext,
  path: string,
  { attended, residual }: { readonly attended: Tensor; readonly residual: Tensor },
): Tensor {
  const dropout = bankAt(context, config.dropoutPlaces, 'residual')
  const output = context.linear(attended, `${path}.attn.attention.out_proj`)
  const hidden = add(residual, drop(output, dropout))
  const normed = norm(config, context, hidden, `${path}.ln_2`)
  const inner = geluTanh(context.linear(normed, `${path}.mlp.c_fc`), { fused: context.fusedNorms })
  return add(hidden, drop(context.linear(inner, `${path}.mlp.c_proj`), dropout))
}

function bankAt(
  { dropout }: BuildContext,
  places: ReadonlySet<DropoutPlace>,
  place: DropoutPlace,
): DropoutBank | null {
  return places.has(place) ? dropout : null
}

function norm(config: GptNeoConfig, context: BuildContext, x: Tensor, path: string): Tensor {
  return layerNorm(
    x,
    { scale: context.parameters(`${path}.weight`), bias: context.parameters(`${path}.bias`) },
    { epsilon: config.epsilon, fused: context.fusedNorms },
  )
}

function headWeight({ tiedHead }: GptNeoConfig, { parameters }: BuildContext): Tensor {
  return parameters(tiedHead ? 'transformer.wte.weight' : 'lm_head.weight')
}

function head(config: GptNeoConfig, context: BuildContext, hidden: Tensor): Tensor {
  return gemm(hidden, headWeight(config, context), { transB: true })
}

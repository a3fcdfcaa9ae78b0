import {
  add,
  cast,
  equal,
  gather,
  mul,
  range,
  reciprocal,
  reduceSum,
  reshape,
  slice,
  sub,
  transpose,
} from '../graph/ops.ts'
import { product } from '../graph/shape.ts'
import { constant, input } from '../graph/tensor.ts'
import type { Tensor } from '../graph/tensor.ts'
import { attention } from '../nn/attention.ts'
import { drop } from '../nn/dropout.ts'
import { gelu, layerNorm } from '../nn/layers.ts'
import { softCrossEntropy } from '../nn/losses.ts'
import { gatheredRows, maskOf, paddedRows, placedTokens } from '../nn/token-rows.ts'
import type { TokenRows } from '../nn/token-rows.ts'
import type { BuildContext, ExtractiveArchitecture } from './architecture.ts'
import type { BertConfig } from './bert-config.ts'
import {
  bertLinears,
  bertNames,
  bertParameters,
  bertStoredNames,
  distilBertNames,
  ignorableBertWeights,
  spanHead,
} from './bert-names.ts'
import type { BertNames } from './bert-names.ts'

/** Added to the scores of padding: far below any score, far from overflow. */
const masked = 1e9

/**
 * BERT (Devlin et al. 2019) and DistilBERT (Sanh et al. 2019), the same without token types, with a span head: learned
 * positions, post-norm blocks, exact GELU. Compared with Hugging Face's `BertForQuestionAnswering` and
 * `DistilBertForQuestionAnswering` in `test/models`.
 */
export function bert(config: BertConfig, weightNames: ReadonlySet<string>): ExtractiveArchitecture {
  const names = config.modelType === 'bert' ? bertNames : distilBertNames
  const parameters = bertParameters(names, config)
  return {
    kind: 'extractive',
    config,
    parameters,
    ignorableWeights: ignorableBertWeights(names),
    freshParameters: new Set([`${spanHead}.weight`, `${spanHead}.bias`]),
    storedNames: bertStoredNames(names, parameters, weightNames),
    linears: bertLinears(names, config),
    loss: (context, labelSmoothing) => {
      const sequences = packedSequences(config)
      const { startLogits, endLogits } = spanLogits(config, names, context, sequences)
      const lossAt = (logits: Tensor, positions: Tensor) =>
        positionLoss(logits, positions, sequences.attentionMask, labelSmoothing)
      const start = lossAt(startLogits, input('startPositions', 'int64', ['batch']))
      const end = lossAt(endLogits, input('endPositions', 'int64', ['batch']))
      return mul(add(start, end), constant(0.5))
    },
    spans: (context) => ({ ...spanLogits(config, names, context, paddedSequences(config)) }),
  }
}

interface Sequences {
  readonly ids: Tensor
  readonly positions: Tensor
  readonly types: Tensor | null
  /** `[batch, length]`, 1 for tokens and 0 for padding. */
  readonly attentionMask: Tensor
  /** How tokens stand in rows of so many values a head. */
  rows(layout: { readonly heads: number; readonly headWidth: number }): TokenRows
}

/** Sequences padded to the longest, as answering reads them. */
function paddedSequences({ tokenTypes }: BertConfig): Sequences {
  const shape = ['batch', 'length']
  return {
    ids: input('inputIds', 'int64', shape),
    positions: range('length'),
    types: tokenTypes > 0 ? input('tokenTypeIds', 'int64', shape) : null,
    attentionMask: input('attentionMask', 'float32', shape),
    rows: (layout) => paddedRows({ batch: 'batch', length: 'length', ...layout }),
  }
}

/** Sequences one after another, without padding. */
function packedSequences({ tokenTypes }: BertConfig): Sequences {
  const placed = placedTokens('token', { tokens: 'tokens', rows: 'batch', length: 'length' })
  return {
    ids: input('tokenIds', 'int64', ['tokens']),
    positions: input('tokenPositions', 'int64', ['tokens']),
    types: tokenTypes > 0 ? input('tokenTypes', 'int64', ['tokens']) : null,
    attentionMask: maskOf(placed),
    rows: (layout) => gatheredRows(placed, layout),
  }
}

/** Two scores a token, `[batch, length]`; those of padding lie far below all others. */
function spanLogits(
  config: BertConfig,
  names: BertNames,
  context: BuildContext,
  sequences: Sequences,
): { readonly startLogits: Tensor; readonly endLogits: Tensor } {
  const hidden = encoder(config, names, context, sequences)
  const placed = sequences.rows({ heads: 1, headWidth: 2 }).split(context.linear(hidden, spanHead))
  const scores = transpose(placed, [3, 0, 1, 2])
  const padding = paddingBias(sequences.attentionMask)
  const row = (index: number) => add(reshape(slice(scores, 0, index, 1), ['batch', 'length']), padding)
  return { startLogits: row(0), endLogits: row(1) }
}

/** A vector of `width` for each token. */
function encoder(config: BertConfig, names: BertNames, context: BuildContext, sequences: Sequences): Tensor {
  const { width, layers, heads, headWidth } = config
  const rows = sequences.rows({ heads, headWidth })
  const bias = reshape(paddingBias(sequences.attentionMask), ['batch', 1, 1, 'length'])
  const embedded = reshape(embed(names, context, sequences), [product(sequences.ids.shape), width])
  let hidden = drop(norm(config, context, embedded, `${names.prefix}embeddings.LayerNorm`), context.dropout)
  for (let i = 0; i < layers; i++) {
    const linear = (x: Tensor, name: string) => context.linear(x, `${names.block(i)}.${name}`)
    const residual = (x: Tensor, change: Tensor, name: string) =>
      norm(config, context, add(x, drop(change, context.dropout)), `${names.block(i)}.${name}`)
    // The queries, since they are fewer than the scores.
    const query = mul(linear(hidden, names.query), constant(1 / Math.sqrt(headWidth)))
    const attended = attention(
      rows.split(query),
      rows.split(linear(hidden, names.key)),
      rows.split(linear(hidden, names.value)),
      { bias, dropout: context.dropout },
    )
    const mixed = linear(rows.merge(attended), names.attentionOutput)
    const between = residual(hidden, mixed, names.attentionNorm)
    const inner = gelu(linear(between, names.feedForwardIn), { fused: context.fusedNorms })
    const output = residual(between, linear(inner, names.feedForwardOut), names.feedForwardNorm)
    hidden = context.block?.(output, [hidden, bias]) ?? output
  }
  return hidden
}

/** The shape of the ids, and `width`. */
function embed(
  { prefix }: BertNames,
  { parameters }: BuildContext,
  { ids, positions: places, types }: Sequences,
): Tensor {
  const table = (name: string) => parameters(`${prefix}embeddings.${name}_embeddings.weight`)
  const words = gather(table('word'), ids)
  const positions = gather(table('position'), places)
  const typed = types ? add(words, gather(table('token_type'), types)) : words
  return add(typed, positions)
}

function norm(config: BertConfig, context: BuildContext, x: Tensor, path: string): Tensor {
  const { parameters, fusedNorms: fused } = context
  const affine = { scale: parameters(`${path}.weight`), bias: parameters(`${path}.bias`) }
  return layerNorm(x, affine, { epsilon: config.epsilon, fused })
}

function paddingBias(attentionMask: Tensor): Tensor {
  return mul(sub(attentionMask, constant(1)), constant(masked))
}

/** The summed cross-entropy of one position a row; what label smoothing spreads goes to tokens, not to padding. */
function positionLoss(
  logits: Tensor,
  positions: Tensor,
  attentionMask: Tensor,
  labelSmoothing: number,
): Tensor {
  const column = reshape(positions, ['batch', 1])
  const chosen = cast(equal(reshape(range('length'), [1, 'length']), column), 'float32')
  if (labelSmoothing === 0) return softCrossEntropy(logits, chosen)
  const spread = mul(attentionMask, reciprocal(reduceSum(attentionMask, [-1])))
  const smoothed = add(mul(chosen, constant(1 - labelSmoothing)), mul(spread, constant(labelSmoothing)))
  return softCrossEntropy(logits, smoothed)
}

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
import { constant, input } from '../graph/tensor.ts'
import type { Tensor } from '../graph/tensor.ts'
import { attention, mergeHeads, splitHeads } from '../nn/attention.ts'
import { drop } from '../nn/dropout.ts'
import { gelu, layerNorm } from '../nn/layers.ts'
import { softCrossEntropy } from '../nn/losses.ts'
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
      const feeds = sequenceFeeds(config)
      const { startLogits, endLogits } = spanLogits(config, names, context, feeds)
      const lossAt = (logits: Tensor, positions: Tensor) =>
        positionLoss(logits, positions, feeds.attentionMask, labelSmoothing)
      const start = lossAt(startLogits, input('startPositions', 'int64', ['batch']))
      const end = lossAt(endLogits, input('endPositions', 'int64', ['batch']))
      return mul(add(start, end), constant(0.5))
    },
    spans: (context) => ({ ...spanLogits(config, names, context, sequenceFeeds(config)) }),
  }
}

interface SequenceFeeds {
  readonly inputIds: Tensor
  readonly attentionMask: Tensor
  readonly tokenTypeIds: Tensor | null
}

function sequenceFeeds({ tokenTypes }: BertConfig): SequenceFeeds {
  const shape = ['batch', 'length']
  return {
    inputIds: input('inputIds', 'int64', shape),
    attentionMask: input('attentionMask', 'float32', shape),
    tokenTypeIds: tokenTypes > 0 ? input('tokenTypeIds', 'int64', shape) : null,
  }
}

/** Two scores a token, `[batch, length]`; those of padding lie far below all others. */
function spanLogits(
  config: BertConfig,
  names: BertNames,
  context: BuildContext,
  feeds: SequenceFeeds,
): { readonly startLogits: Tensor; readonly endLogits: Tensor } {
  const hidden = encoder(config, names, context, feeds)
  const scores = transpose(context.linear(hidden, spanHead), [1, 0])
  const padding = paddingBias(feeds.attentionMask)
  const row = (index: number) => add(reshape(slice(scores, 0, index, 1), ['batch', 'length']), padding)
  return { startLogits: row(0), endLogits: row(1) }
}

/** `[batch·length, width]`. */
function encoder(config: BertConfig, names: BertNames, context: BuildContext, feeds: SequenceFeeds): Tensor {
  const { width, layers, heads, headWidth } = config
  const layout = { batch: 'batch', length: 'length', heads, headWidth }
  const split = (x: Tensor) => splitHeads(x, layout)
  const bias = reshape(paddingBias(feeds.attentionMask), ['batch', 1, 1, 'length'])
  const embedded = reshape(embed(names, context, feeds), ['batch*length', width])
  let hidden = drop(norm(config, context, embedded, `${names.prefix}embeddings.LayerNorm`), context.dropout)
  for (let i = 0; i < layers; i++) {
    const linear = (x: Tensor, name: string) => context.linear(x, `${names.block(i)}.${name}`)
    const residual = (x: Tensor, change: Tensor, name: string) =>
      norm(config, context, add(x, drop(change, context.dropout)), `${names.block(i)}.${name}`)
    // The queries, since they are fewer than the scores.
    const query = mul(linear(hidden, names.query), constant(1 / Math.sqrt(headWidth)))
    const attended = attention(
      split(query),
      split(linear(hidden, names.key)),
      split(linear(hidden, names.value)),
      { bias, dropout: context.dropout },
    )
    const output = linear(mergeHeads(attended, layout), names.attentionOutput)
    hidden = residual(hidden, output, names.attentionNorm)
    const inner = gelu(linear(hidden, names.feedForwardIn))
    hidden = residual(hidden, linear(inner, names.feedForwardOut), names.feedForwardNorm)
  }
  return hidden
}

/** `[batch, length, width]`. */
function embed({ prefix }: BertNames, { parameters }: BuildContext, feeds: SequenceFeeds): Tensor {
  const table = (name: string) => parameters(`${prefix}embeddings.${name}_embeddings.weight`)
  const words = gather(table('word'), feeds.inputIds)
  const positions = gather(table('position'), range('length'))
  const typed = feeds.tokenTypeIds ? add(words, gather(table('token_type'), feeds.tokenTypeIds)) : words
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

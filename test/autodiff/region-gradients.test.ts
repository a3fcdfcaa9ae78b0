import { describe, expect, test } from 'vitest'
import { regionRules } from '../../trainer/autodiff/region-gradients.ts'
import { div, gemm, reshape, slice } from '../../trainer/graph/ops.ts'
import { constant, input, integers, region } from '../../trainer/graph/tensor.ts'
import type { Tensor } from '../../trainer/graph/tensor.ts'
import { attention } from '../../trainer/nn/attention.ts'
import { drop, dropoutBank } from '../../trainer/nn/dropout.ts'
import { gatedGelu, gelu, geluTanh, layerNorm, rmsNorm } from '../../trainer/nn/layers.ts'
import { headLoss, softCrossEntropy } from '../../trainer/nn/losses.ts'
import { differentiate } from '../../trainer/autodiff/differentiate.ts'
import { checkGradients } from '../support/check-gradients.ts'
import type { GradientCase } from '../support/check-gradients.ts'
import { floats, integerValues } from '../support/run-graph.ts'

const sizes = { batch: 2, queries: 3, keys: 4, tokens: 5, labels: 3 }

const norms = [true, false].flatMap((fused): readonly GradientCase[] => [
  {
    leaves: { x: ['tokens', 6], scale: [6] },
    sizes,
    build: (leaf) => rmsNorm(leaf('x'), leaf('scale'), { epsilon: 1e-6, fused }),
  },
  {
    // A large epsilon takes part in the gradient.
    leaves: { x: [2, 3, 4], scale: [4] },
    build: (leaf) => rmsNorm(leaf('x'), leaf('scale'), { epsilon: 0.5, fused }),
  },
])

const layerNorms = [true, false].flatMap((fused): readonly GradientCase[] => [
  {
    leaves: { x: ['tokens', 6], scale: [6], bias: [6] },
    sizes,
    build: (leaf) =>
      layerNorm(leaf('x'), { scale: leaf('scale'), bias: leaf('bias') }, { epsilon: 1e-5, fused }),
  },
  {
    // A large epsilon takes part in the gradient.
    leaves: { x: [2, 3, 4], scale: [4], bias: [4] },
    build: (leaf) =>
      layerNorm(leaf('x'), { scale: leaf('scale'), bias: leaf('bias') }, { epsilon: 0.5, fused }),
  },
])

const streams = {
  query: ['batch', 2, 'queries', 3],
  key: ['batch', 2, 'keys', 3],
  value: ['batch', 2, 'keys', 3],
} as const
const biases = [
  [1, 2, 'queries', 'keys'],
  ['batch', 1, 1, 'keys'],
  ['batch', 2, 'queries', 'keys'],
] as const
const rate = 0.4
const maskBank = Float32Array.from({ length: 60 }, (_, i) => ((i * 7) % 5 < 2 ? 0 : 1 / (1 - rate)))
const starts = integerValues([5], [1])
const bankFeeds = { 'd.bank': floats(maskBank, [60]), 'd.offsets': starts, 'd.offsetsAgain': starts }

const attentions = biases.flatMap((bias) =>
  [false, true].map((dropped): GradientCase => ({
    leaves: { ...streams, bias },
    sizes,
    feeds: bankFeeds,
    build: (leaf) => {
      const bank = dropoutBank('d', rate)
      return attention(leaf('query'), leaf('key'), leaf('value'), {
        bias: leaf('bias'),
        dropout: dropped ? bank : null,
      })
    },
  })),
)

const weight = input('weight', 'float32', [3, 4])
const merged: GradientCase = {
  leaves: { x: ['tokens', 4], a: [2, 4], b: [3, 2] },
  sizes,
  feeds: { weight: floats([0.3, -1, 0.8, 0.1, 1.2, -0.4, 0.5, 0.9, -0.7, 0.2, -0.6, 1.1], [3, 4]) },
  build: (leaf) => {
    const [x, a, b] = [leaf('x'), leaf('a'), leaf('b')]
    const product = gemm(x, gemm(b, a, { alpha: 1.7, plus: weight }), { transB: true })
    return region('mergedLora', product, [x, weight, a, b], { attributes: { scale: 1.7 } })
  },
}

const losses = [0, 0.1].flatMap((smoothing): readonly GradientCase[] => [
  {
    leaves: { hidden: ['labels', 4], weight: [7, 4] },
    sizes,
    feeds: { labels: integerValues([6, 0, 6], [3]) },
    build: (leaf) =>
      headLoss(leaf('hidden'), leaf('weight'), input('labels', 'int64', ['labels']), smoothing),
  },
  {
    leaves: { hidden: [2, 4], weight: [5, 4] },
    build: (leaf) => headLoss(leaf('hidden'), leaf('weight'), integers([3, 1]), smoothing),
  },
])

const cases: Readonly<Record<string, readonly GradientCase[]>> = {
  rmsNorm: norms,
  layerNorm: layerNorms,
  attention: attentions,
  mergedLora: [merged],
  rowFactors: [
    {
      leaves: { magnitude: [3] },
      build: (leaf) => {
        const norm = constant([0.5, 2, 1.25])
        return region('rowFactors', div(leaf('magnitude'), norm), [leaf('magnitude')], { saved: { norm } })
      },
    },
  ],
  dropout: [
    {
      leaves: { x: ['tokens', 4] },
      sizes,
      feeds: bankFeeds,
      build: (leaf) => drop(leaf('x'), dropoutBank('d', rate)),
    },
  ],
  geluTanh: [
    { leaves: { x: ['tokens', 4] }, sizes, build: (leaf) => geluTanh(leaf('x'), { fused: true }) },
    // Far out, where the curve is flat on one side and straight on the other.
    {
      leaves: { x: [8] },
      domain: (value) => 4 * value,
      build: (leaf) => geluTanh(leaf('x'), { fused: true }),
    },
  ],
  gatedGelu: [true, false].map((fused) => ({
    leaves: { x: ['tokens', 4], other: ['tokens', 4] },
    sizes,
    domain: (value) => 3 * value,
    build: (leaf) => gatedGelu(leaf('x'), leaf('other'), { fused }),
  })),
  gelu: [
    { leaves: { x: ['tokens', 4] }, sizes, build: (leaf) => gelu(leaf('x'), { fused: true }) },
    { leaves: { x: [8] }, domain: (value) => 4 * value, build: (leaf) => gelu(leaf('x'), { fused: true }) },
  ],
  headLoss: losses,
  softCrossEntropy: [
    {
      leaves: { logits: [2, 4] },
      domain: (value) => 3 * value,
      build: (leaf) =>
        softCrossEntropy(leaf('logits'), constant([0, 1, 0, 0, 0.05, 0.05, 0.85, 0.05], [2, 4])),
    },
  ],
}

/** Their forward pass rounds, which differences would show: compared in test/models/{quantized,half}.test.ts. */
const rounding = ['quantizedProduct', 'halfLinear']
/** Right for the places of a model's tokens alone: compared in test/models, and in test/nn/recomputed-blocks.test.ts. */
const withinModels = ['splitTokens', 'mergeTokens', 'same']

test('every rule is tested, and there is no other', () => {
  expect([...Object.keys(cases), ...rounding, ...withinModels].sort()).toEqual(
    Object.keys(regionRules).sort(),
  )
})

describe('every rule agrees with finite differences', () => {
  const all = Object.entries(cases).flatMap(([rule, list]) => list.map((entry, i) => ({ rule, i, entry })))
  test.each(all)('$rule, case $i', async ({ entry }) => {
    await checkGradients(entry)
  })
})

test('rules name what they lack', () => {
  const x = input('x', 'float32', [2, 4])
  const loss = (value: Tensor) => reshape(slice(slice(value, 0, 0, 1), 1, 0, 1), [])
  expect(() => differentiate(loss(region('attention', x, [x, x])), [x])).toThrow(
    'attention takes three or four',
  )
  expect(() => differentiate(loss(region('rmsNorm', x, [x, x])), [x])).toThrow('did not save inverseRms')
  expect(() => differentiate(loss(region('rmsNorm', x, [x])), [x])).toThrow(
    'The region rmsNorm lacks inputs.',
  )
  expect(() => differentiate(loss(region('layerNorm', x, [x, x])), [x])).toThrow(
    'layerNorm takes three inputs',
  )
  expect(() => differentiate(loss(region('mergedLora', x, [x, x])), [x])).toThrow(
    'mergedLora takes four inputs',
  )
  expect(() => differentiate(loss(region('headLoss', x, [x, x])), [x])).toThrow('headLoss takes three inputs')
})

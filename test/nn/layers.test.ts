import { describe, expect, test } from 'vitest'
import { mul } from '../../trainer/graph/ops.ts'
import { constant, input, integers } from '../../trainer/graph/tensor.ts'
import type { Tensor } from '../../trainer/graph/tensor.ts'
import { attention, mergeHeads, splitHeads } from '../../trainer/nn/attention.ts'
import { gelu, geluTanh, layerNorm, rmsNorm } from '../../trainer/nn/layers.ts'
import { headLoss } from '../../trainer/nn/losses.ts'
import { opError, opGoldens, opInputs } from '../support/op-goldens.ts'
import type { OpGolden } from '../support/op-goldens.ts'
import { floats, integerValues, runGraph } from '../support/run-graph.ts'

const four = (tensors: readonly Tensor[]): readonly [Tensor, Tensor, Tensor, Tensor] => {
  const zero = constant(0)
  const [a = zero, b = zero, c = zero, d = zero] = tensors
  return [a, b, c, d]
}
const layers: Readonly<Record<string, (inputs: readonly Tensor[], golden: OpGolden) => readonly Tensor[]>> = {
  rmsNorm: (inputs, { attributes }) => {
    const [x, scale] = four(inputs)
    const epsilon = Number(attributes['eps'])
    return [true, false].map((fused) => rmsNorm(x, scale, { epsilon, fused }))
  },
  layerNorm: (inputs, { attributes }) => {
    const [x, scale, bias] = four(inputs)
    const epsilon = Number(attributes['eps'])
    return [true, false].map((fused) => layerNorm(x, { scale, bias }, { epsilon, fused }))
  },
  gelu: (inputs) => [true, false].map((fused) => gelu(four(inputs)[0], { fused })),
  geluTanh: (inputs) => [true, false].map((fused) => geluTanh(four(inputs)[0], { fused })),
  attention: (inputs) => {
    const [query, key, value, bias] = four(inputs)
    return [attention(query, key, value, { bias, dropout: null })]
  },
}

describe('layers give the golden values', () => {
  const cases = Object.entries(layers).flatMap(([op, build]) =>
    opGoldens(op).map((golden, i) => ({ op, i, build, golden })),
  )
  test.each(cases)('$op, case $i', async ({ build, golden }) => {
    const { tensors, feeds } = opInputs(golden, false)
    const [expected] = golden.outputs
    if (!expected) throw new Error('The case has no output.')
    for (const result of build(tensors, golden))
      expect(await opError(result, feeds, expected)).toBeLessThan(2e-6)
  })

  test.each(opGoldens('crossEntropy').map((golden, i) => ({ golden, i })))(
    'crossEntropy, case $i: the mean over the rows that carry a label',
    async ({ golden }) => {
      const [logits, labels] = golden.inputs
      const [expected] = golden.outputs
      if (!logits || !labels || !expected) throw new Error('The case lacks a tensor.')
      const [, vocabulary = 0] = logits.shape
      const rows = labels.data.flatMap((label, row) => (label === -100 ? [] : [row]))
      const kept = rows.flatMap((row) => logits.data.slice(row * vocabulary, (row + 1) * vocabulary))
      // With the unit matrix as the head's weight the hidden values are the logits.
      const unit = Float32Array.from({ length: vocabulary ** 2 }, (_, i) =>
        i % (vocabulary + 1) === 0 ? 1 : 0,
      )
      const smoothing = Number(golden.attributes['labelSmoothing'] ?? 0)
      const loss = headLoss(
        input('hidden', 'float32', ['labels', vocabulary]),
        constant(unit, [vocabulary, vocabulary]),
        input('labels', 'int64', ['labels']),
        smoothing,
      )
      const mean = mul(loss, constant(1 / rows.length))
      const feeds = {
        hidden: floats(kept, [rows.length, vocabulary]),
        labels: integerValues(
          rows.map((row) => labels.data[row] ?? 0),
          [rows.length],
        ),
      }
      expect(await opError(mean, feeds, { ...expected, shape: [] })).toBeLessThan(2e-6)
    },
  )
})

test('the loss stays finite and exact where the label is hopeless', async () => {
  const hidden = constant([200, -200, 0], [1, 3])
  const unit = constant([1, 0, 0, 0, 1, 0, 0, 0, 1], [3, 3])
  const loss = headLoss(hidden, unit, integers([1]), 0)
  expect((await runGraph(loss)).data).toEqual([400])
})

test('splitting and merging heads undo each other', async () => {
  const layout = { batch: 2, length: 3, heads: 2, headWidth: 2 }
  const values = Array.from({ length: 24 }, (_, i) => i)
  const split = splitHeads(constant(values, [6, 4]), layout)
  expect(split.shape).toEqual([2, 2, 3, 2])
  expect((await runGraph(split)).data.slice(0, 6)).toEqual([0, 1, 4, 5, 8, 9])
  expect(await runGraph(mergeHeads(split, layout))).toEqual({ data: values, shape: [6, 4] })
})

test('keys behind a bias far below zero are not seen', async () => {
  const query = constant([1, 2], [1, 1, 1, 2])
  const key = constant([5, 5, 1, 1], [1, 1, 2, 2])
  const value = constant([7, 8, 1, 2], [1, 1, 2, 2])
  const bias = constant([-1e9, 0], [1, 1, 1, 2])
  expect((await runGraph(attention(query, key, value, { bias, dropout: null }))).data).toEqual([1, 2])
})

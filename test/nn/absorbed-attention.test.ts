import { expect, test } from 'vitest'
import { gemm, mul, reduceSum } from '../../trainer/graph/ops.ts'
import { input } from '../../trainer/graph/tensor.ts'
import type { Tensor } from '../../trainer/graph/tensor.ts'
import { differentiate } from '../../trainer/autodiff/differentiate.ts'
import { seededRandom } from '../../trainer/data/random.ts'
import { absorbedAttention } from '../../trainer/nn/absorbed-attention.ts'
import { attention, mergeHeads, splitHeads } from '../../trainer/nn/attention.ts'
import { relativeError } from '../support/goldens.ts'
import { floats, openGraph } from '../support/run-graph.ts'

const [batch, queries, keys, heads, headWidth, width] = [2, 3, 5, 2, 4, 6]
const query = input('query', 'float32', [batch * queries, heads * headWidth])
const tokens = input('tokens', 'float32', [batch * keys, width])
const key = input('key', 'float32', [heads * headWidth, width])
const value = input('value', 'float32', [heads * headWidth, width])
const bias = input('bias', 'float32', [batch, 1, 1, keys])
const weighing = input('weighing', 'float32', [batch * queries, heads * headWidth])

const random = seededRandom('absorbed attention')
const feeds = Object.fromEntries(
  [query, tokens, key, value, bias, weighing].map(({ name, shape }) => {
    const sizes = shape.map(Number)
    const data = Float32Array.from({ length: sizes.reduce((a, b) => a * b, 1) }, () => 2 * random() - 1)
    return [name, floats(data, sizes)]
  }),
)

function projected(): Tensor {
  const layout = (length: number) => ({ batch, length, heads, headWidth })
  const split = (weight: Tensor) => splitHeads(gemm(tokens, weight, { transB: true }), layout(keys))
  const attended = attention(splitHeads(query, layout(queries)), split(key), split(value), {
    bias,
    dropout: null,
  })
  return mergeHeads(attended, layout(queries))
}

const absorbed = () =>
  absorbedAttention(
    query,
    tokens,
    { key, value },
    { batch, queries, keys, heads, headWidth, width, bias, dropout: null },
  )

async function gradientsOf(output: Tensor) {
  const leaves = [query, tokens, key, value]
  const loss = reduceSum(mul(output, weighing), [0, 1], false)
  const gradients = differentiate(loss, leaves)
  const outputs = Object.fromEntries(leaves.map(({ name }, i) => [`by ${name}`, gradients[i] ?? loss]))
  const session = await openGraph({ output, ...outputs })
  try {
    return await session.run(feeds)
  } finally {
    await session.dispose()
  }
}

test('gives what projecting to keys and values gives, and the same gradients', async () => {
  const [expected, actual] = [await gradientsOf(projected()), await gradientsOf(absorbed())]
  expect(Object.keys(actual)).toEqual(['output', 'by query', 'by tokens', 'by key', 'by value'])
  for (const [name, { data, shape }] of Object.entries(expected)) {
    expect(actual[name]?.shape, name).toEqual(shape)
    expect(
      relativeError(Array.from(actual[name]?.data ?? [], Number), Array.from(data, Number)),
      name,
    ).toBeLessThan(1e-5)
  }
})

import { expect, test } from 'vitest'
import { addRmsNorm, cachedAttention, forwardAttention, topK } from '../../trainer/graph/forward-ops.ts'
import { lower } from '../../trainer/graph/lower.ts'
import { encodeOnnxModel } from '../../trainer/graph/onnx-model.ts'
import { onnxOperators } from '../../trainer/graph/onnx-operators.ts'
import { add, dimension } from '../../trainer/graph/ops.ts'
import { input } from '../../trainer/graph/tensor.ts'
import type { Tensor } from '../../trainer/graph/tensor.ts'
import { attention, mergeHeads, splitHeads } from '../../trainer/nn/attention.ts'
import { rmsNorm } from '../../trainer/nn/layers.ts'
import { openSession } from '../../trainer/session.ts'
import type { Value } from '../../trainer/session.ts'

const open = (outputs: Readonly<Record<string, Tensor>>) =>
  openSession(encodeOnnxModel(lower(outputs, onnxOperators)), {
    weightsFolder: null,
    purpose: 'answering',
    threads: 1,
    provider: 'cpu',
  })

let state = 1
const random = (shape: readonly number[]): Value => ({
  dtype: 'float32',
  shape,
  data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => {
    state = (state * 48271) % 2147483647
    return state / 2147483647 - 0.5
  }),
})

function difference(a: Value | undefined, b: Value | undefined): number {
  if (!a || !b) return Infinity
  expect(a.data.length).toBe(b.data.length)
  return Math.max(...[...a.data].map((value, i) => Math.abs(Number(value) - Number(b.data[i]))))
}

const [heads, headWidth] = [2, 8]
const width = heads * headWidth

test('attention, of whole rows and with the heads apart, and the sum with its norm, as their primitives', async () => {
  const stream = (name: string, length: string) => input(name, 'float32', ['batch', length, width])
  const [query, key, value] = [stream('query', 'queries'), stream('key', 'keys'), stream('value', 'keys')]
  const bias = input('bias', 'float32', ['batch', 1, 'queries', 'keys'])
  const layout = (length: string) => ({ batch: 'batch', length, heads, headWidth })
  const split = (x: Tensor, length: string) => splitHeads(x, layout(length))
  const apart = { key: split(key, 'keys'), value: split(value, 'keys') }
  const plain = attention(split(query, 'queries'), apart.key, apart.value, { bias, dropout: null })
  const [x, scale] = [input('x', 'float32', ['n', width]), input('scale', 'float32', [width])]
  const { sum, normed } = addRmsNorm(x, x, { scale, epsilon: 1e-6 })
  const session = await open({
    whole: forwardAttention({ query, key, value, bias }, heads),
    apart: forwardAttention({ query, ...apart, bias }, heads),
    plain: mergeHeads(plain, layout('queries')),
    sum,
    normed,
    plainSum: add(x, x),
    plainNormed: rmsNorm(add(x, x), scale, { epsilon: 1e-6, fused: false }),
  })
  try {
    const { whole, apart, plain, ...norms } = await session.run({
      query: random([3, 2, width]),
      key: random([3, 5, width]),
      value: random([3, 5, width]),
      bias: random([3, 1, 2, 5]),
      x: random([4, width]),
      scale: random([width]),
    })
    expect(difference(whole, plain)).toBeLessThan(1e-6)
    expect(difference(apart, plain)).toBeLessThan(1e-6)
    expect(difference(norms['sum'], norms['plainSum'])).toBe(0)
    expect(difference(norms['normed'], norms['plainNormed'])).toBeLessThan(1e-6)
  } finally {
    await session.dispose()
  }
})

test('attention over a cache writes into the memory that it reads, and gives what attention to all keys does', async () => {
  const single = (name: string) => input(name, 'float32', ['batch', 1, width])
  const past = (name: string) => input(name, 'float32', ['batch', heads, 'capacity', headWidth])
  const streams = { query: single('query'), key: single('key'), value: single('value') }
  const bias = input('bias', 'float32', [1, heads, 1, 'keys'])
  const { attended, presentKey, presentValue } = cachedAttention(
    {
      ...streams,
      bias,
      pastKey: past('pastKey'),
      pastValue: past('pastValue'),
      total: dimension('keys'),
    },
    heads,
  )
  const cached = await open({ attended, presentKey, presentValue })
  const all = (name: string) => input(name, 'float32', ['batch', heads, 'keys', headWidth])
  const plain = await open({
    attended: forwardAttention(
      { query: streams.query, key: all('pastKey'), value: all('pastValue'), bias },
      heads,
    ),
  })
  const capacity = 4
  const shape = [2, heads, capacity, headWidth]
  const empty = (): Value => ({ dtype: 'float32', data: new Float32Array(2 * width * capacity), shape })
  const [pastKey, pastValue] = [empty(), empty()]
  try {
    for (let keys = 1; keys <= capacity; keys++) {
      const feeds = {
        query: random([2, 1, width]),
        key: random([2, 1, width]),
        value: random([2, 1, width]),
        bias: random([1, heads, 1, keys]),
      }
      const into = { attended: null, presentKey: pastKey, presentValue: pastValue }
      const { attended } = await cached.run({ ...feeds, pastKey, pastValue }, into)
      const filled = ({ data }: Value): Value => ({
        dtype: 'float32',
        data: Float32Array.from({ length: 2 * width * keys }, (_, i) => {
          const [head, place] = [Math.floor(i / (keys * headWidth)), i % (keys * headWidth)]
          return Number(data[head * capacity * headWidth + place])
        }),
        shape: [2, heads, keys, headWidth],
      })
      const whole = await plain.run({ ...feeds, pastKey: filled(pastKey), pastValue: filled(pastValue) })
      expect(difference(attended, whole['attended'])).toBeLessThan(1e-6)
      const written = pastKey.data.subarray((keys - 1) * headWidth, keys * headWidth)
      expect([...written]).toEqual([...feeds.key.data.subarray(0, headWidth)])
    }
  } finally {
    await cached.dispose()
    await plain.dispose()
  }
})

test('the highest values of each row, of equals the first', async () => {
  const x = input('x', 'float32', ['rows', 'n'])
  const session = await open({ ...topK(x, input('count', 'int64', [1]), 'chosen') })
  try {
    const { values, places } = await session.run({
      x: { dtype: 'float32', data: Float32Array.of(1, 3, 3, 2, 5, 5, 5, 4), shape: [2, 4] },
      count: { dtype: 'int64', data: BigInt64Array.of(3n), shape: [1] },
    })
    expect([...(values?.data ?? [])]).toEqual([3, 3, 2, 5, 5, 5])
    expect([...(places?.data ?? [])]).toEqual([1n, 2n, 3n, 0n, 1n, 2n])
  } finally {
    await session.dispose()
  }
})

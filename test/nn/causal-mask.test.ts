import { expect, test } from 'vitest'
import { input, integers } from '../../trainer/graph/tensor.ts'
import type { Tensor } from '../../trainer/graph/tensor.ts'
import { cacheBias, segmentBias } from '../../trainer/nn/causal-mask.ts'
import { floats, integerValues, runGraph } from '../support/run-graph.ts'

/** Which keys each query sees, as a picture: a row a query, `x` where it looks. */
async function seen(bias: Tensor, feeds: Parameters<typeof runGraph>[1]): Promise<string[]> {
  const { data, shape } = await runGraph(bias, feeds)
  const keys = shape.at(-1) ?? 1
  return Array.from({ length: data.length / keys }, (_, row) =>
    data
      .slice(row * keys, (row + 1) * keys)
      .map((value) => (value === 0 ? 'x' : value <= -1e9 ? '.' : '?'))
      .join(''),
  )
}

test.each([
  [null, ['x.....', 'xx....', '..x...', '..xx..', '..xxx.', '.....x']],
  [2, ['x.....', 'xx....', '..x...', '..xx..', '...xx.', '.....x']],
])('a token sees its own segment before it, with window %s', async (window, expected) => {
  const bias = segmentBias(input('segmentIds', 'int64', ['batch', 'length']), window)
  expect(bias.shape).toEqual(['batch', 1, 'length', 'length'])
  expect(await seen(bias, { segmentIds: integerValues([1, 1, 2, 2, 2, 0], [1, 6]) })).toEqual(expected)
})

test.each([
  [null, ['..xx.', '..xxx', 'xxxx.', 'xxxxx']],
  [2, ['..xx.', '...xx', '..xx.', '...xx']],
])('over a cache, padded on the left, with window %s', async (window, expected) => {
  const mask = input('attentionMask', 'float32', ['batch', 5])
  const bias = cacheBias(mask, { queries: 2, queryOffset: integers(3), window })
  const feeds = { attentionMask: floats([0, 0, 1, 1, 1, 1, 1, 1, 1, 1], [2, 5]) }
  expect(await seen(bias, feeds)).toEqual(expected)
})

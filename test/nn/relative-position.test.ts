import { join } from 'node:path'
import { expect, test } from 'vitest'
import { dimension } from '../../trainer/graph/ops.ts'
import { constant, input } from '../../trainer/graph/tensor.ts'
import { relativePositionBias, relativePositionBucket } from '../../trainer/nn/relative-position.ts'
import { golden, goldensFolder, readGoldens } from '../support/goldens.ts'
import { floats, openGraph, runGraph } from '../support/run-graph.ts'

const goldens = await readGoldens(join(goldensFolder, 't5-flan/golden.safetensors'))
const distances = [...golden(goldens, 'buckets/relative_position').data]
const options = { buckets: 32, maxDistance: 128 }

test.each([
  ['bidirectional', true],
  ['causal', false],
] as const)('buckets equal transformers, %s', (name, bidirectional) => {
  expect(distances).toHaveLength(601)
  const buckets = distances.map((distance) => relativePositionBucket(distance, { ...options, bidirectional }))
  expect(buckets).toEqual([...golden(goldens, `buckets/${name}`).data])
})

/** A table whose entries name their bucket and head. */
const table = constant(
  Array.from({ length: 32 * 2 }, (_, i) => Math.floor(i / 2) + 1000 * (i % 2)),
  [32, 2],
)

test.each([true, false])(
  'the bias takes the bucket of key − query, bidirectional %s',
  async (bidirectional) => {
    const length = 140
    const x = input('x', 'float32', ['queries', 'keys'])
    const bias = relativePositionBias(table, { ...options, bidirectional, queries: 'queries', keys: 'keys' })
    const session = await openGraph({ bias, sizes: x })
    const { bias: result } = await session.run({ x: floats(new Float32Array(length * 3), [3, length]) })
    await session.dispose()
    expect(result?.shape).toEqual([1, 2, 3, length])
    const expected = [0, 1].flatMap((head) =>
      [0, 1, 2].flatMap((query) =>
        Array.from(
          { length },
          (_, key) => relativePositionBucket(key - query, { ...options, bidirectional }) + 1000 * head,
        ),
      ),
    )
    expect([...(result?.data ?? [])]).toEqual(expected)
  },
)

test('with a cache the one query stands behind all past keys', async () => {
  const past = input('past', 'float32', ['past'])
  const bias = relativePositionBias(table, {
    ...options,
    bidirectional: false,
    queries: 1,
    keys: 'past+1',
    queryOffset: dimension('past'),
  })
  for (const length of [0, 5, 200]) {
    const session = await openGraph({ bias, sizes: past })
    const { bias: result } = await session.run({ past: floats(new Float32Array(length), [length]) })
    await session.dispose()
    const expected = Array.from({ length: length + 1 }, (_, key) =>
      relativePositionBucket(key - length, { ...options, bidirectional: false }),
    )
    expect([...(result?.data ?? [])].slice(0, length + 1)).toEqual(expected)
  }
})

test('numbers as lengths need no feed', async () => {
  const bias = relativePositionBias(table, { ...options, bidirectional: true, queries: 2, keys: 2 })
  const { data, shape } = await runGraph(bias)
  expect(shape).toEqual([1, 2, 2, 2])
  expect(data).toEqual([0, 17, 1, 0, 1000, 1017, 1001, 1000])
})

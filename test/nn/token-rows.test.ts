import { expect, test } from 'vitest'
import { layTokens } from '../../trainer/data/token-rows.ts'
import { input } from '../../trainer/graph/tensor.ts'
import { gatheredRows, maskOf, placedTokens } from '../../trainer/nn/token-rows.ts'
import { floats, openGraph, runGraph } from '../support/run-graph.ts'

const laid = layTokens([2, 3, 1], [0, 1, 0])
const int64 = (data: BigInt64Array, shape: readonly number[]) => ({ dtype: 'int64', data, shape }) as const
const feeds = {
  tokenAt: int64(laid.tokenAt, [laid.rows, laid.length]),
  tokenPlaces: int64(laid.places, [laid.tokens]),
  // Two heads of two values, each value its token and its column.
  x: floats(
    Array.from({ length: laid.tokens }, (_, token) =>
      [0, 1, 2, 3].map((column) => 10 * token + column),
    ).flat(),
    [laid.tokens, 4],
  ),
}
const x = input('x', 'float32', ['tokens', 4])
const placed = placedTokens('token', { tokens: 'tokens', rows: 'rows', length: 'length' })
const rows = gatheredRows(placed, { heads: 2, headWidth: 2 })

test('tokens stand in their rows, head by head, the last one at padding, which is masked', async () => {
  expect(laid).toMatchObject({ rows: 2, length: 4, tokens: 7 })
  const session = await openGraph({ split: rows.split(x), mask: maskOf(placed) })
  const { split, mask } = await session.run(feeds)
  await session.dispose()
  expect(split?.shape).toEqual([2, 2, 4, 2])
  const firstOf = (token: number, head: number) => [10 * token + 2 * head, 10 * token + 2 * head + 1]
  const inRows = [
    [0, 1, 5, 6],
    [2, 3, 4, 6],
  ]
  expect([...(split?.data ?? [])]).toEqual(
    inRows.flatMap((row) => [0, 1].flatMap((head) => row.flatMap((t) => firstOf(t, head)))),
  )
  expect([...(mask?.data ?? [])]).toEqual([1, 1, 1, 0, 1, 1, 1, 0])
})

test('merged again, every token is what it was', async () => {
  const { data, shape } = await runGraph(rows.merge(rows.split(x)), feeds)
  expect(shape).toEqual([7, 4])
  expect([...data]).toEqual([...feeds.x.data])
})

import { expect, test } from 'vitest'
import { seededRandom } from '../../trainer/data/random.ts'
import { KeyValueCache } from '../../trainer/generate/key-value-cache.ts'

const size = { layers: 2, heads: 3, headWidth: 2 }

test('rows hold what was written of their history, however they are selected, repeated, dropped and grown', () => {
  const random = seededRandom('key-value-cache', 0, 0)
  for (let round = 0; round < 20; round++) {
    const cache = new KeyValueCache(size, 3)
    let histories: readonly (readonly number[])[] = [[], [], []]
    let written = 0
    for (let step = 0; step < 40; step++) {
      cache.reserve(1)
      const tokens = histories.map(() => ++written)
      write(cache, tokens)
      histories = histories.map((history, row) => [...history, tokens[row] ?? 0])
      expect(rowsOf(cache)).toEqual(histories)
      const rows = step === 5 ? 6 : step === 30 ? 4 : histories.length
      const order = Array.from({ length: rows }, () => Math.floor(random() * histories.length))
      cache.select(order)
      histories = order.map((row) => histories[row] ?? [])
      expect(cache.rows).toBe(rows)
      expect(rowsOf(cache)).toEqual(histories)
    }
  }
})

/** Writes a token's number, as a graph would, into all that belongs to its place. */
function write(cache: KeyValueCache, tokens: readonly number[]): void {
  for (const { data, shape } of Object.values(cache.results)) {
    const capacity = shape[2] ?? 0
    for (const [row, token] of tokens.entries())
      for (let head = 0; head < size.heads; head++) {
        const at = ((row * size.heads + head) * capacity + cache.length) * size.headWidth
        if (data instanceof Float32Array) data.fill(token, at, at + size.headWidth)
      }
  }
  cache.advance(1)
}

/** The numbers that every layer, head and value of each row's places holds. */
function rowsOf(cache: KeyValueCache): readonly (readonly number[])[] {
  const values = Object.values(cache.feeds)
  expect(values).toHaveLength(2 * size.layers)
  return Array.from({ length: cache.rows }, (_, row) =>
    Array.from({ length: cache.length }, (_, place) => {
      const found = new Set(
        values.flatMap(({ data, shape }) =>
          Array.from({ length: size.heads }, (_, head) => {
            const at = ((row * size.heads + head) * (shape[2] ?? 0) + place) * size.headWidth
            return [...data.subarray(at, at + size.headWidth)].map(Number)
          }).flat(),
        ),
      )
      return found.size === 1 ? ([...found][0] ?? NaN) : NaN
    }),
  )
}

import { describe, expect, test } from 'vitest'
import { microBatches, microBatchTokens, sizesOfItems } from '../../trainer/run/micro-batches.ts'

const item = (source: number, target: number) => ({
  sourceIds: Array.from({ length: source }, () => 1),
  targetIds: Array.from({ length: target }, () => 1),
})
const lengths = (parts: readonly (readonly { readonly sourceIds: readonly number[] }[])[]) =>
  parts.map((part) => part.map(({ sourceIds }) => sourceIds.length))

describe('a batch is divided', () => {
  test('into parts of about equally many tokens, the longest first', () => {
    const items = [30, 90, 10, 50, 70, 60, 80, 10].map((length) => item(length, 0))
    expect(lengths(microBatches(items, 150))).toEqual([
      [90, 80],
      [70, 60],
      [50, 30, 10, 10],
    ])
  })

  test('into halves where equal rows are a little less than two parts', () => {
    const rows = Array.from({ length: 8 }, () => item(256, 16))
    expect(microBatches(rows, 1152).map(({ length }) => length)).toEqual([4, 4])
  })

  test('not at all where it fits, or where no number is given', () => {
    const items = [item(3, 2), item(9, 1)]
    expect(microBatches(items, 15)).toEqual([items])
    expect(microBatches(items, null)).toEqual([items])
  })

  test('but an item is not: one that is too long is a part of its own', () => {
    expect(lengths(microBatches([item(5, 0), item(500, 0), item(5, 0)], 20))).toEqual([[500], [5], [5]])
  })

  test.each([1, 7, 40, 200, 1000])('every item once, no part larger than %d tokens and an item', (tokens) => {
    const items = Array.from({ length: 40 }, (_, i) => item(1 + ((i * 37) % 61), 1 + (i % 5)))
    const parts = microBatches(items, tokens)
    expect(new Set(parts.flat())).toEqual(new Set(items))
    expect(parts.flat()).toHaveLength(items.length)
    const longest = sizesOfItems(items).together
    for (const part of parts) {
      expect(part.length).toBeGreaterThan(0)
      const size = part.reduce(
        (sum, { sourceIds, targetIds }) => sum + sourceIds.length + targetIds.length,
        0,
      )
      expect(size).toBeLessThanOrEqual(tokens + longest)
    }
  })
})

test('the number of tokens is the setting, what fits the caches, or on a GPU the whole batch', () => {
  const model = { feedForwardWidth: 1024 }
  expect(microBatchTokens(model, { microBatchTokens: 77, provider: 'webgpu' })).toBe(77)
  expect(microBatchTokens(model, { microBatchTokens: null, provider: 'cpu' })).toBe(2304)
  expect(microBatchTokens({ feedForwardWidth: 8192 }, { microBatchTokens: null, provider: 'cpu' })).toBe(732)
  expect(microBatchTokens(model, { microBatchTokens: null, provider: 'webgpu' })).toBeNull()
})

import { expect, test } from 'vitest'
import { packRows, rowLength } from '../../trainer/data/pack-rows.ts'
import { seededRandom } from '../../trainer/data/random.ts'

const numbers = (values: BigInt64Array): number[] => Array.from(values, Number)

test('short items share a row, each a segment with positions of its own', () => {
  const packed = packRows(
    [
      { sourceIds: [1, 2], targetIds: [3] },
      { sourceIds: [10, 11, 12], targetIds: [13, 14] },
      { sourceIds: [20], targetIds: [21, 22] },
    ],
    9,
  )
  expect(packed).toMatchObject({ rows: 2, length: 4, tokens: 3 + 5 + 3 })
  // The longest has a row for itself; the last token of a target is predicted and not fed.
  expect(numbers(packed.inputIds)).toEqual([10, 11, 12, 13, 1, 2, 20, 21])
  expect(numbers(packed.positionIds)).toEqual([0, 1, 2, 3, 0, 1, 0, 1])
  expect(numbers(packed.segmentIds)).toEqual([1, 1, 1, 1, 1, 1, 2, 2])
  expect(numbers(packed.labels)).toEqual([3, 13, 14, 21, 22])
  expect(numbers(packed.labelRows)).toEqual([5, 2, 3, 6, 7])
})

test('what is left of a row is padding with the segment 0', () => {
  const packed = packRows(
    [
      { sourceIds: [1, 2, 3], targetIds: [4] },
      { sourceIds: [5], targetIds: [6] },
    ],
    9,
  )
  expect(numbers(packed.inputIds)).toEqual([1, 2, 3, 5, 9, 9])
  expect(numbers(packed.segmentIds)).toEqual([1, 1, 1, 1, 0, 0])
})

test('no token and no label is lost, whatever the lengths', () => {
  const random = seededRandom(3, 'pack')
  const draw = (most: number) => Array.from({ length: 1 + Math.floor(random() * most) }, () => 100 + random())
  let next = 1000
  for (let round = 0; round < 20; round++) {
    const items = Array.from({ length: 1 + Math.floor(random() * 12) }, () => ({
      sourceIds: draw(12).map(() => next++),
      targetIds: draw(8).map(() => next++),
    }))
    const packed = packRows(items, 0)
    const longest = Math.max(...items.map(rowLength))
    expect(packed.length).toBe(longest)
    expect(packed.rows).toBeLessThanOrEqual(items.length)
    const fed = numbers(packed.inputIds)
    const positions = numbers(packed.positionIds)
    const segments = numbers(packed.segmentIds)
    const [labels, rows] = [numbers(packed.labels), numbers(packed.labelRows)]
    expect(labels).toEqual(items.flatMap(({ targetIds }) => targetIds))
    for (const { sourceIds, targetIds } of items) {
      const start = fed.indexOf(sourceIds[0] ?? -1)
      const ids = [...sourceIds, ...targetIds]
      const places = ids.slice(0, -1).map((_, i) => start + i)
      expect(places.map((place) => fed[place])).toEqual(ids.slice(0, -1))
      expect(places.map((place) => positions[place])).toEqual(ids.slice(0, -1).map((_, i) => i))
      expect(new Set(places.map((place) => segments[place])).size).toBe(1)
      expect(Math.floor(start / longest)).toBe(Math.floor((places.at(-1) ?? 0) / longest))
      for (const [t, id] of targetIds.entries())
        expect(rows[labels.indexOf(id)]).toBe(start + sourceIds.length - 1 + t)
    }
  }
})

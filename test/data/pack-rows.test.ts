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
  expect(packed).toMatchObject({ rows: 2, tokens: 2 + 4 + 2 + 1, realTokens: 3 + 5 + 3 })
  // The longest has a row for itself; the last token of a target is predicted and not fed.
  expect(numbers(packed.ids)).toEqual([1, 2, 10, 11, 12, 13, 20, 21, 9])
  expect(numbers(packed.positions)).toEqual([0, 1, 0, 1, 2, 3, 0, 1, 0])
  // Every place is taken, so that the rows are one longer: padding has a place.
  expect(packed.length).toBe(5)
  expect(numbers(packed.tokenAt)).toEqual([2, 3, 4, 5, 8, 0, 1, 6, 7, 8])
  expect(numbers(packed.places)).toEqual([5, 6, 0, 1, 2, 3, 7, 8, 4])
  expect(numbers(packed.segmentIds)).toEqual([1, 1, 1, 1, 0, 1, 1, 2, 2, 0])
  expect(numbers(packed.labels)).toEqual([3, 13, 14, 21, 22])
  expect(numbers(packed.labelRows)).toEqual([1, 4, 5, 6, 7])
})

test('what is left of a row is padding with the segment 0', () => {
  const packed = packRows(
    [
      { sourceIds: [1, 2, 3], targetIds: [4] },
      { sourceIds: [5], targetIds: [6] },
    ],
    9,
  )
  expect(numbers(packed.ids)).toEqual([1, 2, 3, 5, 9])
  expect(numbers(packed.tokenAt)).toEqual([0, 1, 2, 3, 4, 4])
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
    expect([longest, longest + 1]).toContain(packed.length)
    expect(packed.rows).toBeLessThanOrEqual(items.length)
    const fed = numbers(packed.ids)
    const positions = numbers(packed.positions)
    const places = numbers(packed.places)
    const segments = numbers(packed.segmentIds)
    const [labels, rows] = [numbers(packed.labels), numbers(packed.labelRows)]
    expect(labels).toEqual(items.flatMap(({ targetIds }) => targetIds))
    expect(new Set(places).size).toBe(packed.tokens)
    for (const { sourceIds, targetIds } of items) {
      const start = fed.indexOf(sourceIds[0] ?? -1)
      const ids = [...sourceIds, ...targetIds].slice(0, -1)
      expect(fed.slice(start, start + ids.length)).toEqual(ids)
      expect(positions.slice(start, start + ids.length)).toEqual(ids.map((_, i) => i))
      const own = places.slice(start, start + ids.length)
      expect(own).toEqual(ids.map((_, i) => (own[0] ?? NaN) + i))
      expect(own.map((place) => Number(packed.tokenAt[place]))).toEqual(ids.map((_, i) => start + i))
      expect(new Set(own.map((place) => segments[place])).size).toBe(1)
      expect(Math.floor((own[0] ?? 0) / packed.length)).toBe(Math.floor((own.at(-1) ?? 0) / packed.length))
      for (const [t, id] of targetIds.entries())
        expect(rows[labels.indexOf(id)]).toBe(start + sourceIds.length - 1 + t)
    }
  }
})

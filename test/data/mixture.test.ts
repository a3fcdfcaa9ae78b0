import { expect, test } from 'vitest'
import { epochItems, epochSize } from '../../trainer/data/mixture.ts'

const range = (start: number, count: number) => Array.from({ length: count }, (_, i) => start + i)
const groups = [
  { items: range(0, 10), weight: 1 },
  { items: range(10, 7), weight: 2.5 },
  { items: range(17, 20), weight: 0.3 },
]
const drawnIn = (epochs: number, seed = 1) =>
  range(0, epochs).map((epoch) => epochItems(groups, { seed, epoch }))
const countOf = (item: number, epochs: readonly (readonly number[])[]) =>
  epochs.flat().filter((one) => one === item).length

test('an epoch draws each dataset by its weight', () => {
  for (const drawn of drawnIn(5)) {
    expect(drawn).toHaveLength(epochSize(groups))
    expect(drawn.filter((item) => item < 10)).toEqual(range(0, 10))
    expect(drawn.filter((item) => item >= 10 && item < 17)).toHaveLength(18)
    expect(drawn.filter((item) => item >= 17)).toHaveLength(6)
  }
})

test('over the epochs no item of a dataset is drawn more often than another, but once', () => {
  const epochs = drawnIn(11)
  for (const { items } of groups.slice(1)) {
    const counts = items.map((item) => countOf(item, epochs))
    expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1)
    expect(Math.min(...counts)).toBeGreaterThan(0)
  }
})

test('the draws are a function of seed and epoch, so that a resumed run has the same', () => {
  expect(epochItems(groups, { seed: 1, epoch: 7 })).toEqual(drawnIn(8)[7])
  expect(drawnIn(3, 2)).not.toEqual(drawnIn(3, 1))
  expect(drawnIn(2)[0]).not.toEqual(drawnIn(2)[1])
})

test('a dataset with a tiny weight is not left out, an empty one draws nothing', () => {
  const few = [
    { items: [0, 1, 2], weight: 0.01 },
    { items: [], weight: 3 },
  ]
  expect(epochSize(few)).toBe(1)
  expect(
    range(0, 3)
      .flatMap((epoch) => epochItems(few, { seed: 1, epoch }))
      .sort(),
  ).toEqual([0, 1, 2])
})

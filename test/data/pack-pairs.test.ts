import { expect, test } from 'vitest'
import { packPairs } from '../../trainer/data/pack-pairs.ts'

const numbers = (values: BigInt64Array): number[] => Array.from(values, Number)

test('sources and targets lie one after another, a token of padding behind them', () => {
  const { source, target, labels, labelRows, tokens } = packPairs(
    [
      { sourceIds: [5, 6, 7, 1], targetIds: [8, 1] },
      { sourceIds: [9, 1], targetIds: [10, 11, 1] },
    ],
    { padTokenId: 0 },
  )
  expect(tokens).toBe(11)
  expect(source).toMatchObject({ rows: 2, length: 4, tokens: 7 })
  expect(numbers(source.ids)).toEqual([5, 6, 7, 1, 9, 1, 0])
  expect(numbers(source.tokenAt)).toEqual([0, 1, 2, 3, 4, 5, 6, 6])
  expect(numbers(source.places)).toEqual([0, 1, 2, 3, 4, 5, 6])
  expect(target).toMatchObject({ rows: 2, length: 3, tokens: 6 })
  expect(numbers(target.ids)).toEqual([0, 8, 0, 10, 11, 0])
  expect(numbers(target.tokenAt)).toEqual([0, 1, 5, 2, 3, 4])
  expect(numbers(target.places)).toEqual([0, 1, 3, 4, 5, 2])
  expect(numbers(labels)).toEqual([8, 1, 10, 11, 1])
  expect(numbers(labelRows)).toEqual([0, 1, 2, 3, 4])
})

test('rows without padding get a place for it, and the start token is the given one', () => {
  const { source, target } = packPairs([{ sourceIds: [0, 1], targetIds: [0, 1] }], {
    padTokenId: 0,
    decoderStartTokenId: 7,
  })
  expect(numbers(source.ids)).toEqual([0, 1, 0])
  expect(numbers(source.tokenAt)).toEqual([0, 1, 2])
  expect(numbers(source.places)).toEqual([0, 1, 2])
  expect(numbers(target.ids)).toEqual([7, 0, 0])
})

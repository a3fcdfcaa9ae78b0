import { describe, expect, test } from 'vitest'
import { median, quantile, summarize } from './statistics.ts'

describe('summarize', () => {
  test('sorts by size, not by spelling, and leaves the measurements as they are', () => {
    const values = [100, 9, 20, 3]
    expect(summarize(values)).toEqual({
      count: 4,
      min: 3,
      lowerQuartile: 7.5,
      median: 14.5,
      upperQuartile: 40,
      max: 100,
    })
    expect(values).toEqual([100, 9, 20, 3])
  })

  test('one measurement is its own summary', () => {
    expect(summarize([7])).toEqual({
      count: 1,
      min: 7,
      lowerQuartile: 7,
      median: 7,
      upperQuartile: 7,
      max: 7,
    })
  })
})

describe('quantile', () => {
  // numpy.quantile([1, 2, 4, 8, 16, 32, 64], p)
  test.each([
    [0, 1],
    [0.1, 1.6],
    [0.25, 3],
    [0.5, 8],
    [0.75, 24],
    [0.9, 44.8],
    [1, 64],
  ])('p = %d is %d, as NumPy has it', (p, expected) => {
    expect(quantile([64, 1, 32, 2, 16, 4, 8], p)).toBeCloseTo(expected, 12)
  })

  test('one outlier does not move the median', () => {
    expect(median([10, 11, 12, 13, 5000])).toBe(12)
  })

  test('refuses nothing, what is not finite, and shares outside 0 to 1', () => {
    expect(() => median([])).toThrow(RangeError)
    expect(() => median([1, NaN])).toThrow(RangeError)
    expect(() => median([1, Infinity])).toThrow(RangeError)
    expect(() => quantile([1], 1.5)).toThrow(RangeError)
    expect(() => quantile([1], NaN)).toThrow(RangeError)
  })
})

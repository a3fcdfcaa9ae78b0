import { describe, expect, test } from 'vitest'
import { linearRange, logMarks, logRange } from '../../renderer/charts/value-range.ts'

describe('ranges and marks of the vertical axis', () => {
  test('a logarithmic axis has round marks, more of them where it is short', () => {
    expect(logMarks(0.0008, 12)).toEqual([0.001, 0.01, 0.1, 1, 10])
    expect(logMarks(0.15, 12)).toEqual([0.2, 0.5, 1, 2, 5, 10])
    expect(logMarks(0.737, 2.5)).toEqual([0.8, 0.9, 1, 2])
  })

  test('a range has room around its values and never none', () => {
    const [low, high] = linearRange(2, 2)
    expect(low).toBeLessThan(2)
    expect(high).toBeGreaterThan(2)
    expect(linearRange(null, null)).toEqual([0, 1])
    const [least, most] = logRange(0.1, 0.1)
    expect(least).toBeLessThan(0.1)
    expect(most).toBeGreaterThan(0.1)
    expect(logRange(0, 5)).toEqual([0.1, 1])
  })
})

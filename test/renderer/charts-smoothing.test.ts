import { describe, expect, test } from 'vitest'
import { summarise } from '../../renderer/charts/series-summary.ts'
import { smoothed } from '../../renderer/charts/smoothing.ts'
import { linearRange, logRange } from '../../renderer/charts/value-range.ts'

const steps = Array.from({ length: 200 }, (_, index) => index + 1)

describe('smoothing', () => {
  test('weight 0 gives the values as they are', () => {
    expect([...smoothed([1, 2, 3], [5, 1, 4], 0)]).toEqual([5, 1, 4])
  })

  test('a constant stays constant from its first point on: no pull towards zero', () => {
    const line = smoothed(
      steps,
      steps.map(() => 3),
      0.9,
    )
    for (const value of line) expect(value).toBeCloseTo(3, 12)
  })

  test('a heavier weight gives a smoother line between the extremes', () => {
    const noisy = steps.map((step) => (step % 2 ? 1 : -1))
    const swing = (weight: number): number =>
      Math.max(...[...smoothed(steps, noisy, weight)].slice(100).map(Math.abs))
    expect(swing(0.5)).toBeLessThan(1)
    expect(swing(0.9)).toBeLessThan(swing(0.5))
    expect(swing(0.999)).toBeLessThan(swing(0.9))
  })

  test('thinning the points leaves the line where it was', () => {
    const many = Array.from({ length: 10_000 }, (_, index) => index + 1)
    const ramp = (step: number): number => 4 * Math.exp(-step / 3000)
    const full = smoothed(many, many.map(ramp), 0.9)
    const few = many.filter((step) => step % 10 === 0)
    const thin = smoothed(few, few.map(ramp), 0.9)
    expect(thin.at(-1)).toBeCloseTo(full.at(-1) ?? NaN, 2)
  })

  test('a value that is no number does not spoil those after it', () => {
    const line = smoothed([1, 2, 3, 4], [1, NaN, 1, 1], 0.5)
    expect(line[3]).toBeCloseTo(1, 12)
  })
})

describe('text alternative', () => {
  test('last, least, greatest and the trend; gaps are left out', () => {
    expect(summarise([null, 4, 2, null, 1])).toEqual({ last: 1, min: 1, max: 4, trend: 'falling' })
    expect(summarise([1, 2])?.trend).toBe('rising')
    expect(summarise([5, 5, 5])?.trend).toBe('level')
    expect(summarise([null, NaN])).toBeNull()
  })

  test('extremes come from the buckets, not from their means', () => {
    expect(summarise([2, 2], [1, 2], [9, 2])).toMatchObject({ min: 1, max: 9, last: 2 })
  })
})

describe('ranges of axes', () => {
  test('leave room, hold zero as the floor and cope with nothing and with one value', () => {
    expect(linearRange(0.1, 2.1)).toEqual([0, 2.2])
    expect(linearRange(10, 20)).toEqual([9.5, 20.5])
    expect(linearRange(-5, 5)[0]).toBeLessThan(-5)
    expect(linearRange(null, null)).toEqual([0, 1])
    const [low, high] = linearRange(7, 7)
    expect(low).toBeLessThan(7)
    expect(high).toBeGreaterThan(7)
  })

  test('a logarithmic one stays above zero', () => {
    const [low, high] = logRange(0.01, 10)
    expect(low).toBeGreaterThan(0)
    expect(low).toBeLessThan(0.01)
    expect(high).toBeGreaterThan(10)
    expect(logRange(0, 0)).toEqual([0.1, 1])
    expect(logRange(null, null)).toEqual([0.1, 1])
    const [from, to] = logRange(2, 2)
    expect(to).toBeGreaterThan(from)
  })
})

import { describe, expect, test } from 'vitest'
import { createThinnedSeries } from '../../renderer/charts/thinned-series.ts'

describe('thinned series', () => {
  test('keeps every point while there is room', () => {
    const series = createThinnedSeries(['loss'], 8)
    for (const step of [1, 2, 3]) series.add(step, { loss: step * 10 })
    expect([...series.steps()]).toEqual([1, 2, 3])
    expect([...series.means('loss')]).toEqual([10, 20, 30])
    expect(series.recorded).toBe(3)
  })

  test('keeps count, mean and extremes of 50,000 points in at most as many buckets as were asked for', () => {
    const series = createThinnedSeries(['loss', 'gradNorm'], 500)
    let sum = 0
    for (let step = 1; step <= 50_000; step++) {
      const loss = step === 31_337 ? 99 : Math.sin(step / 100)
      sum += loss
      series.add(step, { loss, gradNorm: -step })
    }
    expect(series.recorded).toBe(50_000)
    expect(series.length).toBeLessThanOrEqual(500)
    expect(series.length).toBeGreaterThan(250)
    const steps = [...series.steps()]
    expect(steps.at(-1)).toBe(50_000)
    expect(steps.every((step, index) => index === 0 || step > (steps[index - 1] ?? 0))).toBe(true)
    expect(Math.max(...series.maxima('loss'))).toBe(99)
    expect(Math.min(...series.minima('gradNorm'))).toBe(-50_000)
    const widths = steps.map((step, index) => step - (index === 0 ? 0 : (steps[index - 1] ?? 0)))
    const mean = [...series.means('loss')].reduce(
      (total, value, index) => total + value * (widths[index] ?? 0),
      0,
    )
    expect(mean / 50_000).toBeCloseTo(sum / 50_000, 9)
  })

  test('takes a thinned snapshot and goes on with single steps', () => {
    const series = createThinnedSeries(['loss'], 100)
    for (let step = 25; step <= 2000; step += 25) series.add(step, { loss: 1 })
    for (let step = 2001; step <= 2400; step++) series.add(step, { loss: 2 })
    expect(series.length).toBeLessThanOrEqual(100)
    expect(series.steps().at(-1)).toBe(2400)
    expect(series.means('loss')[0]).toBe(1)
    expect(series.means('loss').at(-1)).toBe(2)
  })

  test('a run that went back to its checkpoint overwrites the steps after it', () => {
    const series = createThinnedSeries(['loss'], 50)
    for (let step = 1; step <= 20; step++) series.add(step, { loss: 1 })
    for (let step = 11; step <= 13; step++) series.add(step, { loss: 2 })
    expect([...series.steps()]).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13])
    expect([...series.means('loss')].slice(9)).toEqual([1, 2, 2, 2])
    expect(series.recorded).toBe(13)
  })

  test('begins anew after clear, and refuses sizes that hold nothing', () => {
    const series = createThinnedSeries(['loss'], 4)
    for (let step = 1; step <= 100; step++) series.add(step, { loss: step })
    series.clear()
    series.add(1, { loss: 5 })
    series.add(2, { loss: 6 })
    expect([...series.means('loss')]).toEqual([5, 6])
    expect(() => createThinnedSeries(['loss'], 1)).toThrow(RangeError)
  })
})

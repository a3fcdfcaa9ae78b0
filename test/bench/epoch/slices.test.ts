import { expect, test } from 'vitest'
import { sliceEpoch } from './slices.ts'

const plan = Array.from({ length: 151 }, (_, step) => {
  const padded = 8 * (50 + ((step * 37) % 151) * 3)
  return { examples: 8, tokens: padded - 100, padded }
})
const paddedOf = (steps: readonly number[]) =>
  steps.reduce((sum, step) => sum + (plan[step]?.padded ?? NaN), 0) / steps.length

test('slices of a whole epoch hold every step once', () => {
  const slices = sliceEpoch(plan, { slices: 8, steps: null, seed: 0 })
  expect(slices).toHaveLength(8)
  expect(slices.flat().toSorted((a, b) => a - b)).toEqual([...plan.keys()])
})

test('a sample takes no step twice, and each slice is like the epoch', () => {
  const slices = sliceEpoch(plan, { slices: 8, steps: 5, seed: 0 })
  expect(slices.map((steps) => steps.length)).toEqual(Array.from({ length: 8 }, () => 5))
  expect(new Set(slices.flat()).size).toBe(40)
  const mean = paddedOf([...plan.keys()])
  for (const steps of slices) expect(Math.abs(paddedOf(steps) / mean - 1)).toBeLessThan(0.15)
  expect(Math.abs(paddedOf(slices.flat()) / mean - 1)).toBeLessThan(0.05)
})

test('an epoch shorter than its slices has empty ones and nothing twice', () => {
  const slices = sliceEpoch(plan.slice(0, 3), { slices: 8, steps: 5, seed: 0 })
  expect(slices.flat().toSorted((a, b) => a - b)).toEqual([0, 1, 2])
})

import { expect, test } from 'vitest'
import { seededRandom } from '../../trainer/data/random.ts'
import { judge } from './judge.ts'
import { fitLine } from './line-fit.ts'

const random = seededRandom(3, 'noise')
const noise = Array.from({ length: 50 }, () => random() - 0.5)
/** Fifty samples over 20,000 steps: a warm-up, noise, and what leaks by the thousand steps. */
const measured = (leak: number, spread: number) => ({
  name: 'memory',
  unit: 'MB',
  points: noise.map((one, i) => {
    const x = 400 * (i + 1)
    return { x, y: 100 + (x < 3000 ? x / 100 : 30) + (leak * x) / 1000 + spread * one }
  }),
  most: 0.5 / 1000,
})

test('a line is laid as the textbooks say, with the interval of its slope', () => {
  // Anscombe's first set: slope 0.5001, standard error 0.1179, nine degrees of freedom, R² 0.6665.
  const xs = [10, 8, 13, 9, 11, 14, 6, 4, 12, 7, 5]
  const ys = [8.04, 6.95, 7.58, 8.81, 8.33, 9.96, 7.24, 4.26, 10.84, 4.82, 5.68]
  const { slope, margin, mean, explained } = fitLine(xs.map((x, i) => ({ x, y: ys[i] ?? NaN })))
  expect(slope).toBeCloseTo(0.5001, 4)
  expect(margin).toBeCloseTo(0.1179 * 2.2622, 3)
  expect(mean).toBeCloseTo(7.5009, 4)
  expect(explained).toBeCloseTo(0.6665, 4)
})

test('a leak is seen through noise, and noise and the warm-up are no leak', () => {
  expect(judge(measured(0.6, 4)).fault).toMatch(/memory grows by 0.000\d MB/)
  expect(judge(measured(0, 4)).fault).toBeNull()
  expect(judge(measured(0.3, 0)).fault).toBeNull()
})

test('what is to grow steadily is held to it', () => {
  const bytes = (growth: (x: number) => number) => ({
    name: 'file',
    unit: 'B',
    points: measured(0, 0).points.map(({ x }) => ({ x, y: growth(x) })),
    most: null,
    steady: 0.999,
  })
  expect(judge(bytes((x) => 250 * x)).fault).toBeNull()
  expect(judge(bytes((x) => (x * x) / 10)).fault).toMatch(/unsteadily/)
})

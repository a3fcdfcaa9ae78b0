import { describe, expect, test } from 'vitest'
import { adamW, initialAdamW } from '../../trainer/optim/adamw.ts'
import { clipFactor, globalNorm } from '../../trainer/optim/clip.ts'
import { learningRateAt } from '../../trainer/optim/schedule.ts'

const options = {
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  weightDecay: 0.1,
  learningRate: 0.01,
  gradientScale: 1,
}
const parametersOf = (...values: readonly number[]) =>
  new Map([['w', { shape: [values.length], data: Float32Array.from(values) }]])
const gradientsOf = (...values: readonly number[]) => new Map([['w', Float32Array.from(values)]])

describe('AdamW', () => {
  test('two updates equal the formulas of the paper', () => {
    const parameters = parametersOf(1, -2)
    let state = initialAdamW(parameters)
    expect(state.step).toBe(0)
    let expected = [1, -2]
    let [m, v] = [
      [0, 0],
      [0, 0],
    ]
    for (const [t, gradient] of [
      [1, [0.5, -0.25]],
      [2, [-0.125, 2]],
    ] as const) {
      state = adamW(parameters, gradientsOf(...gradient), state, options)
      m = m.map((value, i) => 0.9 * value + 0.1 * (gradient[i] ?? 0))
      v = v.map((value, i) => 0.999 * value + 0.001 * (gradient[i] ?? 0) ** 2)
      expected = expected.map((value, i) => {
        const mHat = (m[i] ?? 0) / (1 - 0.9 ** t)
        const vHat = (v[i] ?? 0) / (1 - 0.999 ** t)
        return value - 0.01 * 0.1 * value - (0.01 * mHat) / (Math.sqrt(vHat) + 1e-8)
      })
      expect(state.step).toBe(t)
      const data = parameters.get('w')?.data ?? []
      for (const [i, value] of expected.entries()) expect(data[i]).toBeCloseTo(value, 6)
    }
  })

  test('the first step has the size of the learning rate, whatever the gradient', () => {
    for (const gradient of [1e-3, 1, 1e3]) {
      const parameters = parametersOf(0)
      adamW(parameters, gradientsOf(gradient), initialAdamW(parameters), options)
      expect(parameters.get('w')?.data[0]).toBeCloseTo(-0.01, 6)
    }
  })

  test('without a gradient only the decay acts, and at rate 0 nothing but the moments', () => {
    const parameters = parametersOf(2)
    let state = adamW(parameters, gradientsOf(0), initialAdamW(parameters), options)
    expect(parameters.get('w')?.data[0]).toBeCloseTo(2 * (1 - 0.01 * 0.1), 6)
    const before = parameters.get('w')?.data[0]
    state = adamW(parameters, gradientsOf(3), state, { ...options, learningRate: 0 })
    expect(parameters.get('w')?.data[0]).toBe(before)
    expect(state.first.get('w')?.[0]).toBeCloseTo(0.3, 6)
  })

  test('the gradient scale acts as if the gradients were scaled', () => {
    const [a, b] = [parametersOf(1, 2), parametersOf(1, 2)]
    adamW(a, gradientsOf(4, 8), initialAdamW(a), { ...options, gradientScale: 0.25 })
    adamW(b, gradientsOf(1, 2), initialAdamW(b), options)
    expect(a).toEqual(b)
  })

  test('a missing gradient is an error, not a parameter left alone', () => {
    const parameters = parametersOf(1)
    expect(() => adamW(parameters, new Map(), initialAdamW(parameters), options)).toThrow(
      'There is no gradient of w.',
    )
    expect(() => adamW(parameters, gradientsOf(1, 2), initialAdamW(parameters), options)).toThrow(
      'There is no gradient of w.',
    )
  })
})

describe('clipping', () => {
  test('the norm is taken over all gradients together, also where float32 would overflow', () => {
    expect(globalNorm(new Map([...gradientsOf(3), ['v', Float32Array.of(4)] as const]))).toBe(5)
    expect(globalNorm(gradientsOf(3e30, 4e30)) / 5e30).toBeCloseTo(1, 6)
    expect(globalNorm(gradientsOf(NaN))).toBeNaN()
    expect(globalNorm(new Map())).toBe(0)
  })

  test('only norms above the limit are brought down to it', () => {
    expect(clipFactor(4, 1)).toBeCloseTo(0.25, 6)
    expect(clipFactor(4, 1)).toBe(1 / (4 + 1e-6))
    expect(clipFactor(0.5, 1)).toBe(1)
    expect(clipFactor(1e9, null)).toBe(1)
    expect(clipFactor(0, 1)).toBe(1)
  })
})

describe('schedules', () => {
  const base = { learningRate: 2, warmupSteps: 4, steps: 12 }
  const rates = (schedule: 'linear' | 'cosine' | 'constant', more: Partial<typeof base> = {}) =>
    Array.from({ length: 14 }, (_, step) => learningRateAt(step, { ...base, ...more, schedule }))
  const warmup = [0, 0.5, 1, 1.5]

  test('linear falls to 0 at the last step and stays there', () => {
    expect(rates('linear')).toEqual([...warmup, 2, 1.75, 1.5, 1.25, 1, 0.75, 0.5, 0.25, 0, 0])
  })

  test('cosine falls by half a wave', () => {
    const expected = Array.from({ length: 9 }, (_, i) => 1 + Math.cos((Math.PI * i) / 8))
    for (const [i, rate] of rates('cosine').entries())
      expect(rate).toBeCloseTo([...warmup, ...expected, 0][i] ?? NaN, 12)
  })

  test('constant stays', () => {
    expect(rates('constant')).toEqual([...warmup, ...Array.from({ length: 10 }, () => 2)])
  })

  test('without warm-up the first step has the full rate, and a run of warm-up alone divides nothing by 0', () => {
    expect(rates('linear', { warmupSteps: 0 })[0]).toBe(2)
    expect(rates('linear', { warmupSteps: 12 }).slice(11, 13)).toEqual([2 * (11 / 12), 2])
    expect(learningRateAt(0, { ...base, warmupSteps: 0, steps: 0, schedule: 'linear' })).toBe(2)
  })
})

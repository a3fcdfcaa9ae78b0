import { expect, test } from 'vitest'
import { seededRandom } from '../../trainer/data/random.ts'
import { logSumExp } from '../../trainer/generate/log-sum-exp.ts'

test.each([0.01, 1, 10, 100, 10_000])('equals the definition in 64 bits for logits of scale %d', (scale) => {
  const random = seededRandom('log-sum-exp', scale)
  const logits = Float32Array.from({ length: 32_128 }, () => (random() - 0.5) * scale)
  const max = logits.reduce((a, b) => Math.max(a, b))
  const expected = max + Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit - max), 0))
  expect(Math.abs(logSumExp(logits) - expected)).toBeLessThan(1e-10 + 1e-15 * scale)
})

test('leaves out what is impossible', () => {
  expect(logSumExp(Float32Array.of(-Infinity, 3, -Infinity, 3))).toBeCloseTo(3 + Math.LN2, 10)
})

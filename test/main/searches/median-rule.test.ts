import { expect, test } from 'vitest'
import type { TrialValidation } from '../../../main/contract/searches.ts'
import { bestUpTo, isHopeless } from '../../../main/searches/median-rule.ts'

/** A course of values, evenly over a trial of 100 steps, the last at `share` of them. */
const course = (values: readonly number[], share = 1): TrialValidation[] =>
  values.map((value, index) => {
    const at = (share * (index + 1)) / values.length
    return { step: Math.round(100 * at), share: at, value }
  })

const finished = [course([3, 2, 1.5, 1.2]), course([4, 3, 2.5, 2]), course([5, 4, 3.5, 3])]

test('a trial that is worse than the median of the finished ones at the same share is hopeless', () => {
  expect(isHopeless(course([4.5, 3.1], 0.5), finished, 'loss')).toBe(true)
  expect(isHopeless(course([4.5, 2.9], 0.5), finished, 'loss')).toBe(false)
  // As good as the median is good enough; at half the way the final values of the others do not count.
  expect(isHopeless(course([4.5, 3], 0.5), finished, 'loss')).toBe(false)
})

test('its best value counts, not its last', () => {
  expect(isHopeless(course([2.5, 9], 0.5), finished, 'loss')).toBe(false)
})

test('of an F1 the higher is the better', () => {
  const scores = [course([10, 20]), course([20, 40]), course([30, 60])]
  expect(isHopeless(course([15], 0.5), scores, 'f1')).toBe(true)
  expect(isHopeless(course([25], 0.5), scores, 'f1')).toBe(false)
  expect(bestUpTo(course([10, 30, 20]), 'f1')?.value).toBe(30)
})

test('none is stopped before three have finished, while it warms up, or at its end', () => {
  const bad = course([9, 9], 0.5)
  expect(isHopeless(bad, finished.slice(1), 'loss')).toBe(false)
  expect(isHopeless(course([9], 0.1), finished, 'loss')).toBe(false)
  expect(isHopeless(course([9, 9, 9, 9]), finished, 'loss')).toBe(false)
  expect(isHopeless([], finished, 'loss')).toBe(false)
})

test('trials of other lengths are compared at the same share; those not validated by then do not count', () => {
  const long = finished.map((one) => one.map((point) => ({ ...point, step: point.step * 7 })))
  expect(isHopeless(course([4.5, 3.1], 0.5), long, 'loss')).toBe(true)
  const late = finished.map((one) => one.slice(3))
  expect(isHopeless(course([4.5, 3.1], 0.5), late, 'loss')).toBe(false)
})

test('of an even number the median lies between the middle ones', () => {
  const four = [...finished, course([6, 5, 4, 4])]
  expect(isHopeless(course([9, 3.6], 0.5), four, 'loss')).toBe(true)
  expect(isHopeless(course([9, 3.4], 0.5), four, 'loss')).toBe(false)
})

import { describe, expect, it } from 'vitest'
import { planBatches } from '../../trainer/data/batches.ts'
import { seededRandom } from '../../trainer/data/random.ts'

const random = seededRandom('lengths')
const lengths = Array.from({ length: 1003 }, () => ({
  source: 10 + Math.floor(random() ** 3 * 500),
  target: 2 + Math.floor(random() * 30),
}))
const padded = (batch: readonly number[]) => {
  const longest = (part: 'source' | 'target') => Math.max(...batch.map((i) => lengths[i]?.[part] ?? 0))
  return batch.length * (longest('source') + longest('target'))
}
const real = lengths.reduce((sum, { source, target }) => sum + source + target, 0)

describe('planBatches', () => {
  const plan = (seed: number, epoch: number, batchSize = 8) =>
    planBatches(lengths, { batchSize, seed, epoch })

  it('takes every index exactly once', () => {
    for (const batchSize of [1, 3, 8, 64, 5000]) {
      const batches = plan(1, 2, batchSize)
      expect(batches.flat().toSorted((a, b) => a - b)).toEqual(lengths.map((_, i) => i))
      expect(batches.every((batch) => batch.length > 0 && batch.length <= batchSize)).toBe(true)
      expect(batches).toHaveLength(Math.ceil(lengths.length / batchSize))
    }
    expect(planBatches([], { batchSize: 8, seed: 1, epoch: 0 })).toEqual([])
  })

  it('is a function of seed and epoch', () => {
    expect(plan(1, 2)).toEqual(plan(1, 2))
    expect(plan(1, 3)).not.toEqual(plan(1, 2))
    expect(plan(2, 2)).not.toEqual(plan(1, 2))
  })

  it('pads little', () => {
    const waste = (batches: number[][]) => batches.reduce((sum, batch) => sum + padded(batch), 0) / real
    const unsorted = Array.from({ length: 126 }, (_, i) => lengths.map((_, j) => j).slice(i * 8, i * 8 + 8))
    expect(waste(unsorted)).toBeGreaterThan(1.8)
    expect(waste(plan(1, 1))).toBeLessThan(1.15)
  })

  it('does not go from short to long', () => {
    const means = plan(1, 1).map(
      (batch) => batch.reduce((sum, i) => sum + (lengths[i]?.source ?? 0), 0) / batch.length,
    )
    const rises = means.slice(1).filter((mean, i) => mean > (means[i] ?? 0)).length
    expect(rises).toBeGreaterThan(means.length * 0.35)
    expect(rises).toBeLessThan(means.length * 0.65)
  })

  it('starts the first epoch, and only that, with the largest batch', () => {
    for (const seed of [1, 2, 3]) {
      const sizes = plan(seed, 0).map(padded)
      expect(sizes[0]).toBe(Math.max(...sizes))
    }
    const later = [1, 2, 3].map((seed) => plan(seed, 1).map(padded))
    expect(later.some((sizes) => sizes[0] !== Math.max(...sizes))).toBe(true)
  })
})

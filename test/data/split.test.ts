import { describe, expect, it } from 'vitest'
import type { Example } from '../../trainer/data/example.ts'
import { seededRandom } from '../../trainer/data/random.ts'
import { splitByGroup } from '../../trainer/data/split.ts'

function example(id: number, group: string, context = `${group} context`): Example {
  return {
    id: String(id),
    form: 'qa',
    group,
    context,
    question: `q${id}`,
    answers: [],
    isImpossible: true,
    source: 'test',
  }
}

/** Examples in groups of the given sizes. */
const grouped = (sizes: number[]) =>
  sizes.flatMap((size, g) => Array.from({ length: size }, (_, i) => example(g * 1000 + i, `group ${g}`)))

const groupsOf = (examples: readonly Example[]) => new Set(examples.map(({ group }) => group))

describe('splitByGroup', () => {
  it('keeps groups whole and loses nothing, for whatever sizes', () => {
    for (let round = 0; round < 100; round++) {
      const random = seededRandom('split sizes', round)
      const sizes = Array.from({ length: 2 + Math.floor(random() * 12) }, () => 1 + Math.floor(random() * 30))
      const examples = grouped(sizes)
      const { train, validation, level } = splitByGroup(examples, {
        validationFraction: random() * 0.5 + 0.01,
        seed: round,
      })
      expect(level).toBe('group')
      expect(train.length).toBeGreaterThan(0)
      expect(validation.length).toBeGreaterThan(0)
      expect([...groupsOf(train)].filter((group) => groupsOf(validation).has(group))).toEqual([])
      expect(examples.filter((e) => train.includes(e) || validation.includes(e))).toEqual(examples)
      expect(train.length + validation.length).toBe(examples.length)
    }
  })

  it('comes as near to the fraction as any choice of groups does', () => {
    for (let round = 0; round < 60; round++) {
      const random = seededRandom('nearest', round)
      const sizes = Array.from({ length: 2 + Math.floor(random() * 7) }, () => 1 + Math.floor(random() * 40))
      const total = sizes.reduce((sum, size) => sum + size, 0)
      const target = Math.max(1, Math.round(total * 0.2))
      const { validation } = splitByGroup(grouped(sizes), { validationFraction: 0.2, seed: round })
      let best = Infinity
      for (let mask = 1; mask < 2 ** sizes.length - 1; mask++) {
        const sum = sizes.reduce((part, size, i) => part + (mask & (1 << i) ? size : 0), 0)
        best = Math.min(best, Math.abs(sum - target))
      }
      expect(Math.abs(validation.length - target)).toBe(best)
    }
  })

  it('is a function of the seed', () => {
    const examples = grouped(Array.from({ length: 20 }, () => 5))
    const pick = (seed: number) => [
      ...groupsOf(splitByGroup(examples, { validationFraction: 0.2, seed }).validation),
    ]
    expect(pick(1)).toEqual(pick(1))
    expect(new Set(Array.from({ length: 10 }, (_, seed) => pick(seed).join())).size).toBeGreaterThan(5)
  })

  it('holds out contexts where there is a single group', () => {
    const examples = Array.from({ length: 40 }, (_, i) => example(i, 'one', `context ${Math.floor(i / 4)}`))
    const { train, validation, level } = splitByGroup(examples, { validationFraction: 0.1, seed: 3 })
    expect(level).toBe('context')
    expect(validation).toHaveLength(4)
    expect(new Set(validation.map(({ context }) => context)).size).toBe(1)
    expect(train.some(({ context }) => context === validation[0]?.context)).toBe(false)
  })

  it('never splits one context, and keeps all where nothing is to be held out', () => {
    const single = Array.from({ length: 9 }, (_, i) => example(i, 'one', 'the same'))
    expect(splitByGroup(single, { validationFraction: 0.3, seed: 1 })).toEqual({
      train: single,
      validation: [],
      level: 'none',
    })
    const many = grouped([3, 3, 3])
    expect(splitByGroup(many, { validationFraction: 0, seed: 1 })).toEqual({
      train: many,
      validation: [],
      level: 'none',
    })
    expect(splitByGroup([], { validationFraction: 0.1, seed: 1 }).train).toEqual([])
  })

  it('divides 100,000 examples in 20,000 groups at once', () => {
    const examples = Array.from({ length: 100_000 }, (_, i) => example(i, `group ${i % 20_000}`))
    const start = performance.now()
    const { validation } = splitByGroup(examples, { validationFraction: 0.1, seed: 1 })
    expect(validation).toHaveLength(10_000)
    expect(performance.now() - start).toBeLessThan(5000)
  })
})

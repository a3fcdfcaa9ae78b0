import { describe, expect, it } from 'vitest'
import { hashSeed, hashText, seededMask, seededRandom, shuffled } from '../../trainer/data/random.ts'

const draw = (count: number, ...keys: (number | string)[]) => {
  const random = seededRandom(...keys)
  return Array.from({ length: count }, random)
}

describe('seededRandom', () => {
  it('draws these numbers for ever: saved runs rely on them', () => {
    expect(draw(3, 42, 'shuffle', 0).map((value) => Math.round(value * 2 ** 32))).toMatchInlineSnapshot(`
      [
        801373856,
        1984747725,
        1088112087,
      ]
    `)
    expect(hashSeed(42, 'x')).toMatchInlineSnapshot(`2670047885`)
    expect(hashText('context')).toMatchInlineSnapshot(`"3bddabac0c9deea3"`)
  })

  it('is a function of its keys alone', () => {
    expect(draw(5, 1, 'a')).toEqual(draw(5, 1, 'a'))
    const first = [[1, 2], [12], ['12'], [1, '2'], ['1', 2], [2, 1], [], ['']].map(
      (keys) => draw(1, ...keys)[0],
    )
    expect(new Set(first).size).toBe(first.length)
  })

  it('is spread evenly', () => {
    const values = draw(100_000, 7)
    const counts = Array.from(
      { length: 10 },
      (_, i) => values.filter((value) => Math.floor(value * 10) === i).length,
    )
    // Standard deviation of a tenth of 100,000 is 95.
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(500)
    const lagged = values
      .slice(1)
      .reduce((sum, value, i) => sum + (value - 0.5) * ((values[i] ?? 0) - 0.5), 0)
    expect(Math.abs(lagged / values.length)).toBeLessThan(0.002)
  })
})

describe('shuffled', () => {
  it('keeps every item and leaves the list alone', () => {
    const items = Array.from({ length: 100 }, (_, i) => i)
    const mixed = shuffled(items, seededRandom(1))
    expect(mixed).not.toEqual(items)
    expect(mixed.toSorted((a, b) => a - b)).toEqual(items)
    expect(items[0]).toBe(0)
    expect(items[99]).toBe(99)
  })

  it('gives every order the same chance', () => {
    const counts = new Map<string, number>()
    for (let i = 0; i < 6000; i++) {
      const order = shuffled(['a', 'b', 'c'], seededRandom('orders', i)).join('')
      counts.set(order, (counts.get(order) ?? 0) + 1)
    }
    expect(counts.size).toBe(6)
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(150)
  })
})

it('fills a mask with what single draws would give', () => {
  const random = seededRandom(3, 'mask')
  const drawn = Float32Array.from({ length: 10_000 }, () => (random() < 0.1 ? 0 : 1.25))
  expect(seededMask([3, 'mask'], { length: 10_000, rate: 0.1, kept: 1.25 })).toEqual(drawn)
})

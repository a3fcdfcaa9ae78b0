import { expect, test } from 'vitest'
import { placesAround, placesOf } from '../../trainer/data/find-text.ts'
import { locateJsonFault } from '../../trainer/data/json-position.ts'
import { findOccurrences, nearestOccurrence } from '../../trainer/data/occurrences.ts'
import { seededRandom } from '../../trainer/data/random.ts'

const milliseconds = (work: () => unknown): number => {
  const start = process.cpuUsage()
  work()
  return process.cpuUsage(start).user / 1000
}

test('finds what the engine finds, short texts and long ones', () => {
  const random = seededRandom(5, 'find')
  const word = (length: number) => Array.from({ length }, () => (random() < 0.9 ? 'a' : 'b')).join('')
  for (let round = 0; round < 60; round++) {
    const inside = word(400)
    const at = Math.floor(random() * 300)
    const text = round % 3 === 0 ? word(3) : inside.slice(at, at + (round % 2 === 0 ? 70 : 5))
    const expected: number[] = []
    for (let here = inside.indexOf(text); here !== -1; here = inside.indexOf(text, here + 1))
      expected.push(here)
    expect([...placesOf(text, inside)]).toEqual(expected)
    const offset = Math.floor(random() * 400)
    expect(placesAround(text, inside, offset)).toEqual({
      before: inside.lastIndexOf(text, offset),
      after: inside.indexOf(text, offset),
    })
  }
})

test('an answer that nearly stands everywhere in a long context takes no longer than it is long', () => {
  const context = 'a'.repeat(1_000_000)
  const end = `${'a'.repeat(100_000)}b`
  const middle = `${'a'.repeat(100_000)}b${'a'.repeat(100_000)}`
  const taken = milliseconds(() => {
    expect(nearestOccurrence(end, context, 999_999)).toBeNull()
    expect(findOccurrences(middle, context)).toBeNull()
  })
  expect(taken).toBeLessThan(3_000)
})

test('an answer that a hundred thousand questions repeat is looked for once', () => {
  const context = 'ab'.repeat(500_000)
  const look = () => {
    for (let time = 0; time < 100_000; time++) findOccurrences('abababababababab', context)
    return findOccurrences('ba', 'abba')
  }
  expect(milliseconds(look)).toBeLessThan(3_000)
  // Of another context the same text is looked for again.
  expect(findOccurrences('abababababababab', 'no')).toBeNull()
})

test('the fault of a JSON text is found behind a text of twenty megabytes', () => {
  const long = 'a'.repeat(2e7)
  expect(locateJsonFault(`{"a":"${long}","b":}`)).toMatchObject({ line: 1, column: 2e7 + 13 })
  expect(locateJsonFault(`{"a":"${long}`)).toMatchObject({ line: 1, column: 6 })
})

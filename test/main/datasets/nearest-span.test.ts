import { expect, test } from 'vitest'
import { nearestSpan } from '../../../main/datasets/mapping/nearest-span.ts'

const context = '🙂 Ada Lovelace said: “It’s the Analytical\n Engine” — in 1843, at the age of twenty-seven.'

test.each([
  ['case', 'ada lovelace', 'Ada Lovelace', 0],
  ['quotes and white space', "it's the analytical engine", 'It’s the Analytical\n Engine', 0],
  ['dashes', 'twenty–seven', 'twenty-seven', 0],
  ['a full stop', 'in 1843.', 'in 1843', 0],
  ['a typing error', 'Ada Lovelcae', 'Ada Lovelace', 2],
  ['a word too many', 'at an age of twenty-seven', 'at the age of twenty-seven', 3],
])('finds an answer despite %s', (_name, answer, text, distance) => {
  const found = nearestSpan(answer, context)
  expect(found).toMatchObject({ text, distance })
  expect([...context].slice(found?.start, (found?.start ?? 0) + [...text].length).join('')).toBe(text)
})

test('finds decomposed letters', () => {
  expect(nearestSpan('Köln', 'Das Büro liegt in Köln.'.normalize('NFD'))).toMatchObject({
    text: 'Köln'.normalize('NFD'),
    start: 19,
    distance: 0,
  })
})

test('proposes nothing for an answer in other words, or none', () => {
  expect(nearestSpan('the mathematician who wrote programs', context)).toBeNull()
  expect(nearestSpan('1912', context)).toBeNull()
  expect(nearestSpan(' ', context)).toBeNull()
  expect(nearestSpan('Ada', '')).toBeNull()
})

test('takes whole words, and characters where a script has no spaces', () => {
  expect(nearestSpan('secret', 'Keep all secrets safe.')?.text).toBe('secrets')
  expect(nearestSpan('东京塔', '我们去过东京塔附近。')).toMatchObject({ text: '东京塔', start: 4 })
})

test('long texts take bounded time', () => {
  const words = Array.from({ length: 16_000 }, (_, i) => `w${(i * 7919) % 10_007}`)
  const long = words.join(' ')
  expect(long.length).toBeGreaterThan(90_000)
  const wanted = words.slice(9000, 9150)
  const answer = wanted.map((word, i) => (i % 10 === 3 ? `${word}x` : word)).join(' ')
  const started = performance.now()
  const found = nearestSpan(answer, long)
  expect(performance.now() - started).toBeLessThan(5000)
  expect(found?.text).toBe(wanted.join(' '))
})

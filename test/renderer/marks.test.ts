import { describe, expect, test } from 'vitest'
import {
  codePointLength,
  codePointOffset,
  sliceCodePoints,
  unitOffset,
} from '../../renderer/text/code-points.ts'
import { markedSegments } from '../../renderer/text/marked-segments.ts'
import type { Mark } from '../../renderer/text/marked-segments.ts'
import { trailOf } from '../../renderer/text/trail.ts'
import { wordsOf } from '../../renderer/text/words.ts'

const text = 'Ärzte 👩‍⚕️ kosten 𝟛0 €'

describe('code points', () => {
  test('are counted, not UTF-16 units', () => {
    expect(codePointLength(text)).toBe([...text].length)
    expect(codePointLength(text)).toBeLessThan(text.length)
    expect(codePointLength('')).toBe(0)
    expect(codePointLength('\ud800')).toBe(1)
  })

  test('every place goes to units and back', () => {
    for (let place = 0; place <= codePointLength(text); place += 1)
      expect(codePointOffset(text, unitOffset(text, place))).toBe(place)
  })

  test('a place inside a pair counts as before it', () => {
    expect(codePointOffset('a👩b', 2)).toBe(1)
    expect(codePointOffset('a👩b', 3)).toBe(2)
  })

  test('a slice is cut by code points', () => {
    expect(sliceCodePoints('a👩b', { start: 1, end: 2 })).toBe('👩')
    expect(sliceCodePoints('abc', { start: 1, end: 99 })).toBe('bc')
  })
})

describe('marked segments', () => {
  const mark = (start: number, end: number, tone: Mark['tone'] = 'answer'): Mark => ({ start, end, tone })
  const shape = (marks: readonly Mark[]): readonly (readonly [string, number])[] =>
    markedSegments('a👩bcd', marks).map((segment) => [segment.text, segment.marks.length])

  test('cut the text at the borders', () => {
    expect(shape([mark(1, 3)])).toEqual([
      ['a', 0],
      ['👩b', 1],
      ['cd', 0],
    ])
  })

  test('overlapping marks share a piece', () => {
    expect(shape([mark(0, 3), mark(2, 5, 'found')])).toEqual([
      ['a👩', 1],
      ['b', 2],
      ['cd', 1],
    ])
  })

  test('marks that are empty or lie beyond the text are left out', () => {
    expect(shape([mark(2, 2), mark(3, 9), mark(-1, 2)])).toEqual([['a👩bcd', 0]])
  })

  test('an empty text has no pieces', () => {
    expect(markedSegments('', [mark(0, 1)])).toEqual([])
  })
})

test('a trail leaves out what is empty or said already', () => {
  expect(trailOf('Handbook', ['Handbook', 'Returns', '', 'Parcels'])).toEqual([
    'Handbook',
    'Returns',
    'Parcels',
  ])
  expect(trailOf('', [])).toEqual([])
})

describe('words', () => {
  test('have their places in code points and leave punctuation out', () => {
    const words = wordsOf('“👩 isn’t 30,5 €.”')
    expect(words.map((word) => word.text)).toEqual(['isn’t', '30,5'])
    for (const word of words) expect(sliceCodePoints('“👩 isn’t 30,5 €.”', word)).toBe(word.text)
  })
})

import { expect, test } from 'vitest'
import { findAnswer } from '../../trainer/data/answer-place.ts'

test.each([
  ['as it is', 'It was Ada.', 'Ada', 'Ada'],
  ['a whole word before a part of one', 'Adamant is not Ada', 'Ada', 'Ada'],
  ['a part of a word where there is no other', 'Adamant', 'Ada', 'Ada'],
  ['the exact case before another', 'the oracle, The Oracle', 'The Oracle', 'The Oracle'],
  ['another case', 'the ORACLE says', 'oracle', 'ORACLE'],
  ['over a line break', 'the\n  end', 'the end', 'the\n  end'],
  ['with signs that mean something in patterns', 'a (b) c+ [d]', '(b) c+', '(b) c+'],
  ['after characters outside the plane', '😀😀 end', 'end', 'end'],
])('%s', (_, context, answer, found) => {
  const place = findAnswer(context, answer)
  expect([...context].slice(place?.start, place?.end).join('')).toBe(found)
})

test('the whole word is the one that is meant', () => {
  expect(findAnswer('Adamant is not Ada', 'Ada')).toEqual({ start: 15, end: 18 })
  expect(findAnswer('😀 x', 'x')).toEqual({ start: 2, end: 3 })
})

test.each(['absent', '', '  '])('%j is nowhere', (answer) => {
  expect(findAnswer('a text', answer)).toBeNull()
})

import { expect, test } from 'vitest'
import type { SideAnswer } from '../../main/contract/comparisons.ts'
import { otherReadings } from '../../renderer/answers/other-readings.ts'

const reading = (text: string, start: number, probability: number) => ({
  text,
  span: { start, end: start + text.length },
  probability,
})
const alternatives = [reading('the castle', 4, 0.8), reading('castle', 8, 0.15), reading('far', 20, 0.0004)]
const written: SideAnswer = {
  text: 'the castle',
  unanswerable: false,
  score: Math.log(0.8),
  passage: 0,
  span: { start: 4, end: 14 },
  seconds: 0.1,
}
const answer: SideAnswer = { ...written, alternatives }

test('beside an answer stand the readings that it is not, those alone that are likely at all', () => {
  expect(otherReadings(answer).map(({ text }) => text)).toEqual(['castle'])
  expect(otherReadings({ ...answer, unanswerable: true, span: null }).map(({ text }) => text)).toEqual([
    'the castle',
    'castle',
  ])
})

test('a model that writes its answers has none', () => {
  expect(otherReadings(written)).toEqual([])
})

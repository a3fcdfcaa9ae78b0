import { expect, test } from 'vitest'
import { compareAnswers, scoreEach, scoreTogether } from '../../trainer/run/test-scores.ts'
import type { Example } from '../../trainer/data/example.ts'

function example(id: string, answers: readonly string[]): Example {
  return {
    id,
    form: 'qa',
    context: answers.join(' '),
    question: `${id}?`,
    answers: answers.map((text) => ({ text, start: 0 })),
    isImpossible: answers.length === 0,
    group: 'g',
    source: 's',
  }
}

const tests = [
  { name: 'first', examples: [example('a', ['the verifier', 'verifier']), example('b', [])] },
  { name: 'second', examples: [example('c', ['two'])] },
]
const before = [['subscriber', 'unanswerable'], ['two']]
const after = [['Verifier.', 'something'], ['two factors']]

test('comparisons say what is right after normalisation, and that an empty answer is right without gold', () => {
  const rows = compareAnswers(tests, before, after)
  expect(
    rows.map(({ id, set, base, tuned, baseRight, tunedRight }) => [
      id,
      set,
      base,
      tuned,
      baseRight,
      tunedRight,
    ]),
  ).toEqual([
    ['a', 'first', 'subscriber', 'Verifier.', false, true],
    ['b', 'first', '', 'something', true, false],
    ['c', 'second', 'two', 'two factors', true, false],
  ])
})

test('comparisons carry F1 and who called a question unanswerable', () => {
  const rows = compareAnswers(tests, before, after)
  expect(
    rows.map(({ gold, baseF1, tunedF1, baseUnanswerable, tunedUnanswerable }) => [
      gold.length,
      baseF1,
      tunedF1,
      baseUnanswerable,
      tunedUnanswerable,
    ]),
  ).toEqual([
    [2, 0, 100, false, false],
    [0, 100, 0, true, false],
    [1, 100, expect.closeTo(200 / 3, 10), false, false],
  ])
})

test('sets are scored apart and together, weighted by their questions', () => {
  const each = scoreEach(tests, before, after)
  expect(
    each.map(({ name, before, after }) => [name, before.exactMatch, after.exactMatch, after.count]),
  ).toEqual([
    ['first', 50, 50, 2],
    ['second', 100, 0, 1],
  ])
  expect(scoreTogether(tests, before)?.exactMatch).toBeCloseTo(200 / 3, 10)
  expect(scoreTogether([], [])).toBeNull()
})

test('the word unanswerable is a text like any other where a task asks for one', () => {
  const task: Example = {
    ...example('t', ['unanswerable']),
    form: 'task',
    answers: [{ text: 'unanswerable', start: null }],
  }
  const [row] = compareAnswers([{ name: 'tasks', examples: [task] }], [['unanswerable']], [['something']])
  expect(row).toMatchObject({
    base: 'unanswerable',
    baseRight: true,
    baseUnanswerable: false,
    tunedRight: false,
  })
  expect(scoreTogether([{ name: 'tasks', examples: [task] }], [['Unanswerable.']])).toMatchObject({
    exactMatch: 100,
  })
})

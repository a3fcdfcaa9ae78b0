import { expect, test } from 'vitest'
import { cleanQuestion, questionFaults } from '../../../main/datasets/drafting/clean-question.ts'
import { questionPrompt } from '../../../main/datasets/drafting/question-prompt.ts'
import { roundTrip, roundTripFaults } from '../../../main/datasets/drafting/round-trip.ts'

const text =
  'The Melbourne Cricket Ground is the largest stadium in Australia, and the host of the 1956 Olympics.'

test('the prompt is the instruction with the answer, a blank line, and the sentences', () => {
  expect(questionPrompt('$1 and\n$&', 'It cost $1.')).toBe(
    'Write a question about the text that is answered by: $1 and $&\n\nIt cost $1.',
  )
})

test.each([
  [
    'When was the Melbourne Cricket Ground host of the Olympics?',
    'date',
    'When was the Melbourne Cricket Ground host of the Olympics?',
  ],
  [
    '  what is the largest stadium in Australia ? It is big.',
    'name',
    'What is the largest stadium in Australia?',
  ],
  ['Question: Which stadium is the largest ?\nAnswer: this one', 'name', 'Which stadium is the largest?'],
  ['Welches Stadium , largest in Australia?', 'date', 'Welches Stadium, largest in Australia?'],
] as const)('a written question is tidied: %s', (written, kind, question) => {
  expect(cleanQuestion(written, { answer: '1956', kind, text })).toEqual({ question })
})

test.each([
  ['Who was the host of the largest Olympics?', 'date', questionFaults.otherKind],
  ['What is the largest stadium in Australia?', 'date', questionFaults.otherKind],
  ['In what year was the largest stadium in Australia?', 'quantity', questionFaults.otherKind],
  ['How many stadium in Australia?', 'name', questionFaults.otherKind],
  ['What is the stadium?', 'name', questionFaults.vague],
  ['What was the name of it all?', 'name', questionFaults.vague],
] as const)('%s does not ask for a %s of this text', (written, kind, refused) => {
  expect(cleanQuestion(written, { answer: 'something', kind, text })).toEqual({ refused })
})

test.each([
  ['', questionFaults.empty],
  [' \n ', questionFaults.empty],
  ['The stadium is large.', questionFaults.noQuestion],
  ['Which stadium', questionFaults.noQuestion],
  ['When?', questionFaults.length],
  [`Who ${'or who '.repeat(40)}was it?`, questionFaults.length],
  ['What happened in the 1956 games?', questionFaults.answerInside],
  ['The Melbourne Cricket Ground is the largest stadium in Australia?', questionFaults.copy],
  ['What is the host of the stadium of the host of the stadium?', questionFaults.stutter],
  ['What is the ground ground?', questionFaults.stutter],
])('what cannot be a question is refused: %s', (written, refused) => {
  expect(cleanQuestion(written, { answer: '1956', kind: 'date', text })).toEqual({ refused })
})

const answerOf = (given: string, unanswerable = false) => ({
  columns: [
    {
      adapter: null,
      answers: [{ text: given, unanswerable, score: -0.5, start: null, end: null, windows: 1 }],
      best: 0,
      seconds: 0,
    },
  ],
})

test.each([
  ['the Melbourne Cricket Ground', 'Melbourne Cricket Ground.'],
  ['1956', '1956'],
  ['largest stadium', 'the largest stadium'],
  ['Ground is the largest stadium', 'Cricket Ground is the largest stadium'],
])('the round trip stands where %s comes back as %s', (expected, given) => {
  expect(roundTrip(expected, answerOf(given))).toEqual({ score: -0.5 })
})

test.each([
  ['1956', '1965', roundTripFaults.otherAnswer],
  ['stadium', 'the largest stadium in Australia', roundTripFaults.otherAnswer],
  ['the Melbourne Cricket Ground', 'Melbourne Cricket', roundTripFaults.otherAnswer],
  ['1956', '', roundTripFaults.unanswerable],
])('the round trip fails where %s comes back as "%s"', (expected, given, refused) => {
  expect(roundTrip(expected, answerOf(given))).toEqual({ refused })
})

test('the round trip fails where the model refuses, even with the right words', () => {
  expect(roundTrip('1956', answerOf('1956', true))).toEqual({ refused: roundTripFaults.unanswerable })
})

import { describe, expect, test } from 'vitest'
import type { AnswerEvent, SideAnswer } from '../../main/contract/comparisons.ts'
import { asked, withEvent } from '../../renderer/answers/answer-progress.ts'
import { passageMarks, spanIn } from '../../renderer/answers/passage-marks.ts'
import { mayBecomeUnanswerable, saysUnanswerable } from '../../renderer/answers/says-unanswerable.ts'
import { passagePath } from '../../renderer/screens/chat/passage-path.ts'
import { spreadOffsets } from '../../renderer/screens/chat/spread-offsets.ts'

const answer: SideAnswer = {
  text: '64 bits',
  unanswerable: false,
  score: -0.1,
  passage: 1,
  span: { start: 4, end: 11 },
  seconds: 0.4,
}
const after = (withTuned: boolean, ...events: AnswerEvent[]) => events.reduce(withEvent, asked(withTuned))

describe('the course of a question', () => {
  test('tokens grow the text of their side; the answer comes beside it', () => {
    const progress = after(
      true,
      { kind: 'passages', passages: [] },
      { kind: 'loading' },
      { kind: 'token', side: 'base', text: '64' },
      { kind: 'token', side: 'base', text: ' bits' },
      { kind: 'answer', side: 'base', answer },
    )
    expect(progress).toEqual({
      phase: 'answering',
      passages: [],
      base: { text: '64 bits', answer },
      tuned: { text: '', answer: null },
    })
  })

  test('says that a model is loaded, also the second one after the first has answered', () => {
    expect(after(true, { kind: 'loading' }).phase).toBe('loading')
    const second = after(true, { kind: 'answer', side: 'base', answer }, { kind: 'loading' })
    expect(second.phase).toBe('loading')
    expect(second.base.answer).toBe(answer)
  })

  test('a side that was not asked stays away', () => {
    expect(after(false, { kind: 'token', side: 'tuned', text: 'x' })).toEqual(asked(false))
  })
})

describe('marks of a passage', () => {
  test('an answer is marked in the passage that it came from alone', () => {
    expect(spanIn(answer, 1)).toEqual({ start: 4, end: 11 })
    expect(spanIn(answer, 0)).toBeNull()
    expect(spanIn({ ...answer, passage: null }, 0)).toBeNull()
    expect(spanIn(null, 0)).toBeNull()
  })

  test('each span has a tone and a name of its own', () => {
    const marks = passageMarks({ gold: { start: 0, end: 2 }, base: null, tuned: { start: 1, end: 3 } })
    expect(marks.map(({ tone, start, end }) => [tone, start, end])).toEqual([
      ['answer', 0, 2],
      ['tuned', 1, 3],
    ])
    expect(new Set(marks.map(({ label }) => label)).size).toBe(2)
  })
})

test('the word for no answer is known in the forms that models write', () => {
  expect(['unanswerable', ' Unanswerable. '].map(saysUnanswerable)).toEqual([true, true])
  expect(['', 'unanswerable questions', 'not unanswerable'].map(saysUnanswerable)).toEqual([
    false,
    false,
    false,
  ])
})

test('the word for no answer is held back while it comes', () => {
  expect(['', 'un', ' Unans', 'unanswerable.'].map(mayBecomeUnanswerable)).toEqual([true, true, true, true])
  expect(['unique', '64', 'unanswerable x'].map(mayBecomeUnanswerable)).toEqual([false, false, false])
})

test('a passage is found by its file, headings or title, and page', () => {
  const passage = { sourceName: 'guide.pdf', title: 'Guide', heading: ['4 Storage', '4.2 Salt'], page: 12 }
  expect(passagePath(passage)).toBe('guide.pdf › 4 Storage › 4.2 Salt › page 12')
  expect(passagePath({ ...passage, heading: [], page: null })).toBe('guide.pdf › Guide')
  expect(passagePath({ ...passage, title: 'guide.pdf', heading: [], page: null })).toBe('guide.pdf')
})

test('example questions are taken from all over the data, none twice', () => {
  expect(spreadOffsets(600, 3)).toEqual([100, 300, 500])
  expect(spreadOffsets(2, 3)).toEqual([0, 1])
  expect(spreadOffsets(0, 3)).toEqual([])
  expect(new Set(spreadOffsets(4, 3)).size).toBe(3)
})

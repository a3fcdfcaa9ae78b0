import { expect, test } from 'vitest'
import { answerSpan } from '../../../main/evaluations/answer-span.ts'

const context = '😀 The dose is 5 mg. Take 5 MG daily, never 15 mg; the DOSE (max.) is low.'
const textAt = (span: { start: number; end: number } | null) =>
  span && [...context].slice(span.start, span.end).join('')
const startOf = (text: string) => [...context.slice(0, context.indexOf(text))].length

test('takes the place nearest to the gold span, whatever the case', () => {
  const near = (text: string) => ({ start: startOf(text), end: startOf(text) + 1 })
  expect(answerSpan(context, '5 mg', null)?.start).toBe(startOf('5 mg'))
  expect(answerSpan(context, '5  mg', near('never'))?.start).toBe(startOf('5 MG'))
  expect(textAt(answerSpan(context, 'dose', near('(max.)')))).toBe('DOSE')
})

test('takes whole words before parts of words', () => {
  expect(answerSpan('unable, then able', 'able', { start: 0, end: 2 })).toEqual({ start: 13, end: 17 })
  expect(textAt(answerSpan(context, 'ax', null))).toBe('ax')
})

test('takes signs as they are, and finds nothing where nothing stands', () => {
  expect(textAt(answerSpan(context, '(max.)', null))).toBe('(max.)')
  expect(answerSpan(context, '(m.x.)', null)).toBeNull()
  expect(answerSpan(context, '  ', null)).toBeNull()
})

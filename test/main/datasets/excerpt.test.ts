import { describe, expect, test } from 'vitest'
import { excerptOf } from '../../../main/datasets/mending/excerpt.ts'

describe('excerpt around an answer', () => {
  test('goes from word to word, with dots where the context goes on', () => {
    const cut = { text: 'turns are free 👍 for 30 days, and the sh', start: 21, before: true, after: true }
    const excerpt = excerptOf(cut, '30 days')
    expect(excerpt).toEqual({ text: '…are free 👍 for 30 days, and the…', start: 16 })
    expect(
      Array.from(excerpt?.text ?? '')
        .slice(16, 23)
        .join(''),
    ).toBe('30 days')
  })

  test('is the whole context where that is short', () => {
    const cut = { text: '30 days', start: 0, before: false, after: false }
    expect(excerptOf(cut, '30 days')).toEqual({ text: '30 days', start: 0 })
  })

  test('is cut inside a word where there is no other place', () => {
    const cut = { text: 'aaa30 daysbbb', start: 3, before: true, after: true }
    expect(excerptOf(cut, '30 days')).toEqual({ text: '…aaa30 daysbbb…', start: 4 })
  })

  test('is none where the answer stands elsewhere by now', () => {
    const cut = { text: 'free for 30 days', start: 5, before: false, after: false }
    expect(excerptOf(cut, '30 days')).toBeNull()
    expect(excerptOf(cut, '')).toBeNull()
  })
})

import { describe, expect, test } from 'vitest'
import { wordDifference } from '../../renderer/text/word-difference.ts'

const shown = (answer: string, ...accepted: string[]): string =>
  wordDifference(answer, accepted)
    .map(({ kind, text }) => (kind === 'same' ? text : kind === 'extra' ? `+[${text}]` : `-[${text}]`))
    .join(' ')

describe('wordDifference', () => {
  test('marks words on both sides of what is shared', () => {
    expect(shown('within 30 days', '30 working days')).toBe('+[within] 30 -[working] days')
  })

  test('leaves case, punctuation and articles out of account', () => {
    expect(shown('The Verifier,', 'a verifier')).toBe('The Verifier,')
    expect(shown('verifier', 'the verifier')).toBe('verifier')
  })

  test('takes the accepted answer that is nearest', () => {
    expect(shown('64 bits', 'twenty seconds', '64 bits long')).toBe('64 bits -[long]')
    expect(shown('64 bits', 'at least 112 bits', '64 bits')).toBe('64 bits')
  })

  test('lists nothing as missing where no word is shared', () => {
    expect(shown('on request', 'every ninety days')).toBe('+[on request]')
  })

  test('joins neighbours of one kind and keeps the order of a longest common subsequence', () => {
    expect(shown('b c d', 'x b d e f')).toBe('-[x] b +[c] d -[e f]')
  })

  test('with no accepted answer every word is extra; with no answer there is nothing', () => {
    expect(shown('two words')).toBe('+[two words]')
    expect(wordDifference('  ', ['gold'])).toEqual([])
  })

  test('the parts that are not missing are the words of the answer, however long it is', () => {
    const answer = Array.from({ length: 1200 }, (_, index) => `w${(index * 7) % 31}`).join(' ')
    const parts = wordDifference(answer, ['w3 w10 w17'])
    const kept = parts.filter(({ kind }) => kind !== 'missing').map(({ text }) => text)
    expect(kept.join(' ')).toBe(answer)
  })
})

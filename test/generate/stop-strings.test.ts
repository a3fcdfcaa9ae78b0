import { describe, expect, test } from 'vitest'
import { loadTokenizer } from '../../trainer/data/tokenizer.ts'
import { answerStream, cutAtStop, endsAtStop, readStopStrings } from '../../trainer/generate/stop-strings.ts'
import { bytePairsFolder } from '../support/random-gpt-neo.ts'

const tokenizer = await loadTokenizer(bytePairsFolder)

test('stop strings are read as they are typed', () => {
  expect(readStopStrings(['\\nQuestion:', '\\t', 'END'])).toEqual(['\nQuestion:', '\t', 'END'])
  expect(readStopStrings(null)).toEqual([])
})

test('a text ends before the first stop string', () => {
  expect(cutAtStop('one. Two; three', ['; ', '. '])).toBe('one')
  expect(cutAtStop('one', ['two'])).toBe('one')
  expect(cutAtStop('two', ['two'])).toBe('')
})

describe('a stop string across tokens', () => {
  const text = 'the book, of a sister on\nQuestion: the bank'
  const ids = tokenizer.encode(text)

  test.each(['ook, o', '\nQuestion', 'ister', 'bank'])('%j ends the text with its last token', (stop) => {
    const endsAt = endsAtStop(tokenizer, [stop])
    const first = ids.findIndex((_, i) => endsAt?.(ids.slice(0, i + 1)))
    expect(tokenizer.decode(ids.slice(0, first + 1))).toContain(stop)
    expect(tokenizer.decode(ids.slice(0, first))).not.toContain(stop)
  })

  test('there is nothing to look for without one', () => {
    expect(endsAtStop(tokenizer, [])).toBeUndefined()
  })
})

describe('the stream of an answer', () => {
  const stream = (text: string, stops: readonly string[]): string[] => {
    const answer = answerStream(tokenizer, stops)
    return [...tokenizer.encode(text).map((id) => answer.push(id)), answer.end()]
  }

  test.each([
    [' the bank ', [], 'the bank'],
    [' the bank\nQuestion: who', ['\nQuestion:'], 'the bank'],
    [' the bank\nQuestionable', ['\nQuestion:'], 'the bank\nQuestionable'],
    ['\nQuestion: who', ['\nQuestion:'], ''],
    ['a; b; c', ['; c'], 'a; b'],
    ['heißem 日本', ['ß'], 'hei'],
    ['x😀y', [], 'x😀y'],
  ])('%j without %j tells %j', (text, stops, expected) => {
    const pieces = stream(text, stops)
    expect(pieces.join('')).toBe(expected)
    expect(cutAtStop(text, stops).trim()).toBe(expected)
  })

  test('nothing is told that a stop string may still take back, and the rest at once', () => {
    const pieces = stream('tired of having', ['of the'])
    const told = pieces.map((_, i) => pieces.slice(0, i + 1).join(''))
    expect(told.slice(0, -1)).toContain('tired')
    expect(told.some((text) => text.endsWith(' o'))).toBe(false)
    expect(told.at(-1)).toBe('tired of having')
  })
})

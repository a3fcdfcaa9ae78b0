import { describe, expect, test } from 'vitest'
import { cursorOf, moveCursor, spanOf, trimmedSpan } from '../../renderer/screens/data/word-cursor.ts'
import type { WordCursor } from '../../renderer/screens/data/word-cursor.ts'
import { sliceCodePoints } from '../../renderer/text/code-points.ts'
import { wordsOf } from '../../renderer/text/words.ts'

const text = 'Returns are free for 30 days, 👍 always.'
const words = wordsOf(text)

function press(keys: readonly string[]): WordCursor | null {
  let cursor: WordCursor | null = null
  for (const key of keys) {
    const extend = key.startsWith('Shift+')
    cursor = moveCursor(cursor, key.replace('Shift+', ''), { count: words.length, extend }) ?? cursor
  }
  return cursor
}

function selected(keys: readonly string[]): string | null {
  const cursor = press(keys)
  const span = cursor && spanOf(cursor, words)
  return span && sliceCodePoints(text, span)
}

describe('word cursor', () => {
  test.each<[readonly string[], string]>([
    [['ArrowRight'], 'Returns'],
    [['ArrowRight', 'ArrowRight'], 'are'],
    [['ArrowRight', 'ArrowLeft', 'ArrowLeft'], 'Returns'],
    [['End'], 'always'],
    [['End', 'Shift+ArrowLeft', 'Shift+ArrowLeft'], '30 days, 👍 always'],
    [['ArrowRight', 'Shift+ArrowRight', 'Shift+ArrowRight'], 'Returns are free'],
    [['End', 'Shift+Home'], 'Returns are free for 30 days, 👍 always'],
    [['ArrowDown'], 'always'],
    [['ArrowRight', 'Shift+ArrowRight', 'ArrowRight'], 'free'],
  ])('%j selects %j', (keys, expected) => {
    expect(selected(keys)).toBe(expected)
  })

  test('other keys and a text without words leave it alone', () => {
    expect(moveCursor(null, 'a', { count: 3, extend: false })).toBeUndefined()
    expect(moveCursor(null, 'ArrowRight', { count: 0, extend: false })).toBeUndefined()
  })

  test('a stretch becomes a cursor over its words, from where keys move on', () => {
    const days = { start: 21, end: 28 }
    expect(sliceCodePoints(text, days)).toBe('30 days')
    const cursor = cursorOf(days, words)
    expect(cursor && spanOf(cursor, words)).toEqual(days)
    const moved = moveCursor(cursor, 'ArrowRight', { count: words.length, extend: true })
    expect(moved && sliceCodePoints(text, spanOf(moved, words) ?? days)).toBe('30 days, 👍 always')
    expect(cursorOf({ start: 23, end: 24 }, words)).toBeNull()
    expect(cursorOf({ start: 0, end: 3 }, [])).toBeNull()
  })

  test('a selection loses the white space at its ends, in code points', () => {
    expect(trimmedSpan('👍  30 days ', { start: 1, end: 11 })).toEqual({ start: 3, end: 10 })
    expect(trimmedSpan('a   b', { start: 1, end: 4 })).toBeNull()
  })
})

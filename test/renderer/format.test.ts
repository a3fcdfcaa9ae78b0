import { describe, expect, test } from 'vitest'
import {
  formatAgo,
  formatBytes,
  formatDuration,
  formatList,
  formatPercent,
  plural,
} from '../../renderer/messages/format.ts'

describe('format', () => {
  test.each([
    [0, '0 rows'],
    [1, '1 row'],
    [2, '2 rows'],
    [12_000, '12,000 rows'],
  ])('the plural of %d', (count, text) => {
    expect(plural(count, { one: '# row', other: '# rows' })).toBe(text)
  })

  test.each([
    [0, '0 bytes'],
    [1, '1 byte'],
    [999, '999 bytes'],
    [1000, '1 kB'],
    [12_400_000, '12.4 MB'],
    [123_400_000, '123 MB'],
    [2_000_000_000_000_000, '2,000 TB'],
  ])('%d bytes', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text)
  })

  test.each([
    [0, '0 sec'],
    [59.4, '59 sec'],
    [59.6, '1 min'],
    [90, '1 min 30 sec'],
    [600, '10 min'],
    [3599, '59 min'],
    [3600, '1 hr'],
    [4000, '1 hr 7 min'],
    [-5, '0 sec'],
  ])('%d seconds', (seconds, text) => {
    expect(formatDuration(seconds)).toBe(text)
  })

  test('seconds just below an hour do not become 60 minutes of the hour before', () => {
    expect(formatDuration(7199)).toBe('2 hr')
  })

  test.each([
    [0, 'now'],
    [60_000, '1 minute ago'],
    [7_200_000, '2 hours ago'],
    [86_400_000, 'yesterday'],
    [30 * 86_400_000, 'Oct 22, 2026'],
  ])('%d milliseconds ago', (ago, text) => {
    const now = Date.UTC(2026, 10, 21, 12)
    expect(formatAgo(now - ago, now)).toBe(text)
  })

  test('shares and lists', () => {
    expect(formatPercent(0.256)).toBe('26%')
    expect(formatPercent(0.256, 1)).toBe('25.6%')
    expect(formatList(['context', 'question', 'answer'])).toBe('context, question, and answer')
  })
})

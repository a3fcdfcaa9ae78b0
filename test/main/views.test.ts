import { expect, test } from 'vitest'
import { marks, markOf, representative } from '../../main/hosts/cli/comparisons.ts'
import { change, clock, columns, shellWord, truncate } from '../../main/hosts/cli/format.ts'
import { nearestName } from '../../main/app.ts'
import { createProgressLine } from '../../main/hosts/cli/progress-line.ts'
import type { Comparison } from '../../main/contract/engine-types.ts'
import { TrainerError, toErrorValue } from '../../trainer/protocol.ts'

function recorder(terminal: boolean, columnCount = 20) {
  const written: string[] = []
  const stream = { isTTY: terminal, columns: columnCount, write: (text: string) => written.push(text) > 0 }
  return { stream, written }
}

test('on a terminal one line is rewritten, cut to the width, ten times a second at most', () => {
  const { stream, written } = recorder(true)
  let now = 0
  const line = createProgressLine(stream, { now: () => now })
  line.update('a line of more than twenty characters')
  line.update('too soon')
  now = 100
  line.update('second')
  line.print('stays')
  expect(written).toEqual(['\r\u001b[2Ka line of more tha…', '\r\u001b[2Ksecond', '\r\u001b[2K', 'stays\n'])
})

test('without a terminal a plain line comes every five seconds', () => {
  const { stream, written } = recorder(false)
  let now = 0
  const line = createProgressLine(stream, { now: () => now })
  for (; now <= 10_000; now += 500) line.update(`at ${now}`)
  line.clear()
  expect(written).toEqual(['at 0\n', 'at 5000\n', 'at 10000\n'])
})

const comparison = (id: number, base: boolean, tuned: boolean): Comparison => ({
  id: String(id),
  set: 's',
  question: 'q',
  base: base ? 'gold' : 'no',
  tuned: tuned ? 'The Gold!' : 'no',
  gold: ['other', 'gold'],
  baseRight: base,
  tunedRight: tuned,
  baseF1: 0,
  tunedF1: 0,
  baseUnanswerable: false,
  tunedUnanswerable: false,
})

test('the shown questions have the shares of all marks, the same each time', () => {
  const all = Array.from({ length: 100 }, (_, i) => comparison(i, i < 22 || i === 99, i >= 2 && i < 62))
  const counts = (list: readonly Comparison[]) =>
    marks.map((mark) => list.filter((one) => markOf(one) === mark).length)
  expect(counts(all)).toEqual([40, 3, 20, 37])
  const shown = representative(all, 10)
  expect(counts(shown)).toEqual([4, 1, 2, 3])
  expect(representative(all, 10)).toEqual(shown)
  expect(new Set(shown.map((one) => one.id)).size).toBe(10)
  expect(representative(all, 10, 7)).not.toEqual(shown)
  expect(counts(representative(all.slice(0, 3), 10))).toEqual([0, 2, 1, 0])
  expect(representative([], 10)).toEqual([])
})

test('numbers and words', () => {
  expect([clock(7), clock(72.4), clock(7420)]).toEqual(['0:07', '1:12', '2:03:40'])
  expect([change(10, 45), change(45, 10), change(1, 1), change(1, 0.99)]).toEqual([
    '+35.0',
    '-35.0',
    '+0.0',
    '-0.0',
  ])
  expect(truncate('abcdef', 4)).toBe('abc…')
  expect([shellWord('/a/b-c.json'), shellWord("it's here")]).toEqual(['/a/b-c.json', `'it'\\''s here'`])
  expect(
    columns(
      [
        ['a', '1'],
        ['bcd', '22'],
      ],
      [1],
    ),
  ).toEqual(['a     1', 'bcd  22'])
  expect([
    nearestName('trian', ['train', 'ask']),
    nearestName('x', ['ask']),
    nearestName('frobnicate', ['train']),
  ]).toEqual(['train', undefined, undefined])
})

test.each([
  'std::bad_alloc',
  'Failed to allocate memory for requested buffer of size 1073741824',
  'Array buffer allocation failed',
])('%s is out_of_memory', (message) => {
  expect(toErrorValue(new Error(message)).code).toBe('out_of_memory')
  expect(toErrorValue(new TrainerError('data_empty', message)).code).toBe('data_empty')
})

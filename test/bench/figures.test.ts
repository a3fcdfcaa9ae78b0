import { expect, test } from 'vitest'
import { figuresOf, ratioOf } from './figures.ts'
import type { SideRecord } from './figures.ts'

const record = (
  times: readonly number[],
  { examples, startSeconds, peakRssMb }: { examples: number; startSeconds: number; peakRssMb: number },
): SideRecord => ({
  opening: { startSeconds, versions: {} },
  turns: times.map((time) => ({ milliseconds: [time, time], done: { examples: 2 * examples } })),
  peakRssMb,
})

const ours = record([100, 110, 100], { examples: 8, startSeconds: 1, peakRssMb: 500 })
const theirs = record([200, 220, 150], { examples: 4, startSeconds: 3, peakRssMb: 1000 })

test('a ratio is the reference over this project, round by round', () => {
  const ratio = ratioOf(['loracle', ours], ['peft', theirs], undefined)
  expect(ratio).toMatchObject({ time: 2, memory: 2, start: 3 })
  expect(ratio.perRound).toEqual([2, 2, 1.5])
})

test('where sides do different amounts in a step, the time of one of them is compared', () => {
  expect(ratioOf(['loracle', ours], ['peft', theirs], 'examples').time).toBe(4)
})

test('rates are what a step does, at the median time', () => {
  expect(figuresOf(ours)).toMatchObject({ perSecond: { examples: 80 }, milliseconds: { count: 6 } })
})

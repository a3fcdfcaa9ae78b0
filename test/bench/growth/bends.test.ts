import { expect, test } from 'vitest'
import { bendsOf } from './bends.ts'
import { figureSvg } from './figure-svg.ts'

const line = (time: (x: number) => number, memory: (x: number) => number | null) => ({
  name: 'work',
  points: [1, 2, 4, 8, 16].map((x) => ({
    x,
    units: x,
    processorMs: time(x),
    wallMs: time(x),
    peakMb: memory(x),
  })),
})

test('What grows like a straight line does not bend, with a beginning or without', () => {
  expect(
    bendsOf(
      line(
        (x) => 40 + 3 * x,
        () => 100,
      ),
    ),
  ).toEqual([])
  expect(
    bendsOf(
      line(
        (x) => 3 * x,
        () => null,
      ),
    ),
  ).toEqual([])
  expect(
    bendsOf(
      line(
        (x) => 10 * x ** 0.8,
        (x) => 100 + x,
      ),
    ),
  ).toEqual([])
})

test('A square bends from the third point on, in time and in memory', () => {
  const bends = bendsOf(
    line(
      (x) => x,
      (x) => x ** 2,
    ),
  )
  expect(bends.map(({ measure, x }) => [measure, x])).toEqual([
    ['memory', 4],
    ['memory', 8],
    ['memory', 16],
  ])
  // The line through (1, 1) and (2, 4) is at 10 where x is 4.
  expect(bends[0]?.times).toBeCloseTo(1.6)
})

test('A figure places its points on the axes, and tells its text as text', () => {
  const svg = figureSvg({
    name: 'work',
    title: 'Work & rest < play',
    axis: 'rows',
    unit: 'row',
    series: [
      line(
        (x) => 10 * x,
        (x) => (x > 4 ? 50 : null),
      ),
    ],
  })
  expect(svg).toContain('>Work &amp; rest &lt; play</text>')
  // From 10 to 160 ms on an axis of 10 to 1000: the first point lies at its foot, the last at 60 % of its height.
  const [, first, last] = /<path d="M[\d.]+ ([\d.]+)L.*?([\d.]+)"\/>/.exec(svg) ?? []
  expect(Number(first)).toBeCloseTo(252)
  expect(Number(last)).toBeCloseTo(252 - (Math.log10(16) / 2) * 186, 0)
  // Time, time of one, and memory at the two points where it is known.
  expect(svg.match(/<circle/g)).toHaveLength(5 + 5 + 2)
})

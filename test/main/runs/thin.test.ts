import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { StepPoint } from '../../../main/contract/runs.ts'
import { Course } from '../../../main/runs/course.ts'
import { createMetricsReader } from '../../../main/runs/metrics-reader.ts'
import { thinPoints } from '../../../main/runs/thin.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const point = (step: number, more: Partial<StepPoint> = {}): StepPoint => ({
  step,
  loss: 2 + Math.sin(step / 50),
  learningRate: 1e-3,
  gradNorm: 1,
  tokensPerSecond: 100,
  processorPercent: 100,
  memoryMb: 500,
  ...more,
})
const points = (count: number) => Array.from({ length: count }, (_, i) => point(i + 1))

test.each([2, 4, 5, 17, 100, 999])('thinned to %i points, a course keeps its ends and its order', (most) => {
  const thinned = thinPoints(points(10_000), most)
  expect(thinned.length).toBeLessThanOrEqual(most)
  expect(thinned[0]?.step).toBe(1)
  expect(thinned.at(-1)?.step).toBe(10_000)
  const steps = thinned.map(({ step }) => step)
  expect(steps).toEqual([...new Set(steps)].sort((a, b) => a - b))
})

test('spikes of loss and gradient norm survive the thinning', () => {
  const all = points(50_000)
  all[31_415] = point(31_416, { loss: 50 })
  all[27_182] = point(27_183, { loss: -50 })
  all[16_180] = point(16_181, { gradNorm: 1e4 })
  const steps = thinPoints(all, 300).map(({ step }) => step)
  expect(steps).toEqual(expect.arrayContaining([31_416, 27_183, 16_181]))
})

test('a course that goes back a few steps forgets what it does again', () => {
  const course = new Course()
  for (const one of points(10)) expect(course.addStep(one)).toBe('appended')
  course.addValidation({ step: 5, loss: 1, f1: null, exactMatch: null, best: true })
  course.addValidation({ step: 10, loss: 1, f1: null, exactMatch: null, best: true })
  expect(course.addStep(point(8, { loss: 9 }))).toBe('rewound')
  const { recorded, points: left, validations } = course.series(100)
  expect(recorded).toBe(8)
  expect(left.map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
  expect(left.at(-1)?.loss).toBe(9)
  expect(validations.map(({ step }) => step)).toEqual([5])
})

test('a course of more steps than are kept in memory stays bounded and whole', () => {
  const course = new Course()
  for (const one of points(150_000)) course.addStep(one)
  const { recorded, points: shown } = course.series(1_000_000)
  expect(recorded).toBe(150_000)
  expect(shown.length).toBeLessThanOrEqual(60_000)
  expect(shown[0]?.step).toBe(1)
  expect(shown.at(-1)?.step).toBe(150_000)
})

test('metrics of 50,000 steps are read within a second or two, then kept, and half a line is passed over', async () => {
  const folder = await temporaryFolder()
  await mkdir(folder, { recursive: true })
  const lines = points(50_000).map(({ memoryMb, ...one }) =>
    JSON.stringify({
      type: 'step',
      steps: 50_000,
      epoch: 1,
      elapsedSeconds: 1,
      secondsLeft: null,
      rssMb: memoryMb,
      ...one,
    }),
  )
  await writeFile(join(folder, 'metrics.jsonl'), `${lines.join('\n')}\n{"type":"step","st`)
  const reader = createMetricsReader()
  const began = performance.now()
  const series = (await reader.read(folder)).series(2_000)
  const first = performance.now() - began
  expect(series.recorded).toBe(50_000)
  expect(series.points.length).toBeLessThanOrEqual(2_000)
  expect(first).toBeLessThan(4_000)
  const again = performance.now()
  await reader.read(folder)
  expect(performance.now() - again).toBeLessThan(first / 4)
  await writeFile(join(folder, 'metrics.jsonl'), `${lines.slice(0, 10).join('\n')}\n`)
  expect((await reader.read(folder)).series(2_000).recorded).toBe(10)
})

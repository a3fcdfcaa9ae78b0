import { expect, test } from 'vitest'
import { Course, toStepPoint } from '../../main/runs/course.ts'
import type { Report, StepReport, TrainerMessage } from '../../trainer/protocol.ts'
import { reportBatches } from '../../trainer/report-batches.ts'
import { liveMb } from './collect-garbage.ts'

const report = (step: number): StepReport => ({
  type: 'step',
  step,
  steps: 1_000_000,
  epoch: step / 1000,
  loss: 3 + Math.sin(step),
  learningRate: 1e-3 / step,
  gradNorm: 1 + Math.cos(step) / 7,
  tokensPerSecond: 8000 + Math.sin(step / 50),
  elapsedSeconds: step / 20,
  secondsLeft: 17.3,
  rssMb: 900.5,
  processorPercent: 190.25,
})

test('the course of a run of any length takes the host a few MB', async () => {
  const course = new Course()
  const before = await liveMb()
  for (let step = 1; step <= 59_000; step++) course.addStep(toStepPoint(report(step)))
  const full = (await liveMb()) - before
  for (let step = 59_001; step <= 70_000; step++) course.addStep(toStepPoint(report(step)))
  const thinned = (await liveMb()) - before
  expect(course.series(2).recorded).toBe(70_000)
  expect(full).toBeLessThan(5)
  expect(thinned).toBeLessThan(5)
})

test('a host that reads nothing for hours makes no trainer gather reports without a bound', async () => {
  const sent: TrainerMessage[] = []
  let read = (): void => undefined
  const batches = reportBatches((message) => {
    sent.push(message)
    return new Promise((resolve) => (read = resolve))
  })
  const before = await liveMb()
  batches.add(report(1))
  for (let step = 2; step <= 100_000; step++) {
    batches.add(report(step))
    // The timer that sends gets its turns, as it does between a run's steps.
    if (step % 1_000 === 0) await new Promise((resolve) => setTimeout(resolve, 1))
  }
  const validation: Report = { type: 'validation', step: 100_000, loss: 1, scores: null, best: true }
  batches.add(validation)
  await new Promise((resolve) => setTimeout(resolve, 60))
  expect(sent).toHaveLength(1)
  expect((await liveMb()) - before).toBeLessThan(10)

  // When it reads again it gets what was spared, and everything that is no step.
  const flushed = batches.flush()
  read()
  await expect.poll(() => sent.length).toBe(2)
  read()
  await flushed
  const second = sent[1]
  const rest = second?.type === 'batch' ? second.reports : []
  const steps = rest.flatMap((one) => (one.type === 'step' ? one.step : []))
  expect(steps.length).toBeGreaterThan(5_000)
  expect(steps).toEqual([...new Set(steps)].sort((a, b) => a - b))
  expect(steps.at(-1)).toBe(100_000)
  expect(rest.at(-1)).toEqual(validation)
})

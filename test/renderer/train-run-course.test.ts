import { describe, expect, test } from 'vitest'
import { t } from '../../renderer/messages/translate.ts'
import type { RunDetail, RunProgress, RunUpdate, StepPoint } from '../../main/contract/runs.ts'
import { applyUpdate, createRunCourse } from '../../renderer/screens/train/run-course.ts'
import { isActive, stageViews } from '../../renderer/screens/train/run-stages.ts'

const run: RunDetail = {
  id: 'r1',
  projectId: 'p1',
  name: 'Run 1',
  status: 'running',
  modelId: 'm1',
  modelName: 'Starter',
  createdAt: 1,
  startedAt: 2,
  endedAt: null,
  step: 0,
  steps: 100,
  error: null,
  resumable: false,
  before: null,
  after: null,
  stopped: null,
  usable: false,
  folder: 'runs/r1',
  changed: {},
  settings: {},
  splits: { train: 10, validation: 2, test: 2 },
  tokensPerSecond: null,
  peakMemoryMb: null,
  checkpointStep: 0,
  bestStep: null,
  trainableParameters: null,
  totalParameters: null,
}
const progress: RunProgress = {
  phase: 'training',
  done: 0,
  total: 0,
  step: 0,
  steps: 100,
  epoch: 0,
  epochs: 10,
  elapsedSeconds: 1,
  secondsLeft: null,
  tokensPerSecond: 100,
  processorPercent: 150,
  memoryMb: 500,
  ahead: 0,
}
const point = (step: number, loss = 1): StepPoint => ({
  step,
  loss,
  learningRate: 0.001,
  gradNorm: 1,
  tokensPerSecond: 100,
  processorPercent: 100,
  memoryMb: 500,
})
const validation = (step: number, best: boolean) => ({ step, loss: 1, f1: 50, exactMatch: 40, best })
const line = (text: string) => ({ at: 1, level: 'info' as const, text })
const snapshot: RunUpdate = {
  kind: 'snapshot',
  run,
  progress,
  series: { recorded: 2, points: [point(1), point(2)], validations: [validation(2, true)] },
  log: [line('begin')],
}

describe('the course of a run', () => {
  test('a snapshot and then news', () => {
    const course = createRunCourse()
    applyUpdate(course, snapshot)
    applyUpdate(course, {
      kind: 'news',
      run: null,
      progress: { ...progress, step: 3, phase: 'validating' },
      points: [point(3, 0.5)],
      validations: [validation(3, true)],
      log: [line('validated')],
    })
    expect([...course.series.means('loss')]).toEqual([1, 1, 0.5])
    expect(course.validations.map(({ step, best }) => [step, best])).toEqual([
      [2, false],
      [3, true],
    ])
    expect(course.log.map(({ text }) => text)).toEqual(['begin', 'validated'])
    expect(course.lastPhase).toBe('validating')
    expect(course.run?.name).toBe('Run 1')
  })

  test('a second snapshot, after a lost connection, doubles nothing', () => {
    const course = createRunCourse()
    applyUpdate(course, snapshot)
    applyUpdate(course, snapshot)
    expect(course.series.recorded).toBe(2)
    expect(course.log).toHaveLength(1)
    expect(course.validations).toHaveLength(1)
  })

  test('after a resume the validations since the checkpoint are replaced', () => {
    const course = createRunCourse()
    applyUpdate(course, snapshot)
    const news = { kind: 'news' as const, run: null, progress, points: [], log: [] }
    applyUpdate(course, { ...news, validations: [validation(4, false), validation(6, false)] })
    applyUpdate(course, { ...news, validations: [validation(4, true)] })
    expect(course.validations.map(({ step }) => step)).toEqual([2, 4])
  })

  test('the log keeps its newest lines', () => {
    const course = createRunCourse()
    applyUpdate(course, snapshot)
    const log = Array.from({ length: 5000 }, (_, index) => line(`line ${index}`))
    applyUpdate(course, { kind: 'news', run: null, progress, points: [], validations: [], log })
    expect(course.log.length).toBeLessThanOrEqual(2000)
    expect(course.log.at(-1)?.text).toBe('line 4999')
  })
})

describe('the epoch', () => {
  test.each([
    [0, 8, '1 of 8'],
    [2.4, 8, '3 of 8'],
    [8, 8, '8 of 8'],
    [0.35, 0.7, '0.35 of 0.7'],
    [1.24, 2.5, '1.2 of 2.5'],
  ])('%d of %d', (epoch, epochs, text) => {
    expect(t('train.epochOf', epoch, epochs)).toBe(text)
  })
})

describe('the stages of a run', () => {
  const states = (...args: Parameters<typeof stageViews>): string[] =>
    stageViews(...args).map(({ state }) => state)

  test('what lies before the phase is done, what comes after waits', () => {
    expect(states('running', 'training', 'training')).toEqual(['done', 'done', 'done', 'active', 'waiting'])
    expect(states('queued', 'queued', 'queued')).toEqual(Array(5).fill('waiting'))
    expect(states('starting', 'queued', 'queued')[0]).toBe('active')
    expect(states('finished', 'ended', 'scoring-after')).toEqual(Array(5).fill('done'))
  })

  test('validating and saving belong to the training', () => {
    expect(stageViews('running', 'validating', 'validating')[3]).toEqual({
      stage: 'training',
      state: 'active',
    })
  })

  test('a run that failed or was paused shows where', () => {
    expect(states('failed', 'ended', 'training')[3]).toBe('stopped')
    expect(states('paused', 'ended', 'preparing')).toEqual([
      'done',
      'stopped',
      'waiting',
      'waiting',
      'waiting',
    ])
  })

  test('what is queued or at work is active', () => {
    expect((['queued', 'starting', 'running', 'pausing', 'stopping'] as const).every(isActive)).toBe(true)
    expect((['paused', 'finished', 'failed', 'interrupted'] as const).some(isActive)).toBe(false)
  })
})

describe('where a run that is not at work had come to', () => {
  const after = (change: Partial<RunDetail>): string => {
    const course = createRunCourse()
    applyUpdate(course, {
      ...snapshot,
      run: { ...run, status: 'failed', ...change },
      progress: { ...progress, phase: 'ended' },
    })
    return course.lastPhase
  }

  test('is told by its row', () => {
    expect(after({ step: 20 })).toBe('training')
    expect(after({ step: 100 })).toBe('scoring-after')
    expect(after({})).toBe('loading')
    expect(after({ startedAt: null })).toBe('queued')
    expect(after({ before: { exactMatch: 1, f1: 1, rougeL: 1, count: 1 } })).toBe('training')
  })
})

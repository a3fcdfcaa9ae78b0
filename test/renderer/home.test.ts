import { describe, expect, test } from 'vitest'
import type { ProjectSummary } from '../../main/contract/projects.ts'
import { openingStep } from '../../renderer/screens/home/opening-step.ts'
import { runState } from '../../renderer/screens/home/run-state.ts'
import { errorOf, errorReport, isCancelled } from '../../renderer/state/errors.ts'
import { AppError } from '../../main/contract/errors.ts'

const project: ProjectSummary = {
  id: 'p',
  name: 'P',
  sample: false,
  createdAt: 0,
  updatedAt: 0,
  examples: 10,
  passages: 0,
  runs: 1,
  lastRun: { id: 'r', status: 'finished', f1Before: 1, f1After: 2 },
}

describe('where a project opens', () => {
  test.each([
    ['without data at Data', { examples: 0, lastRun: null }, 'data'],
    ['untrained at Data', { lastRun: null }, 'data'],
    ['the untrained sample at Train', { lastRun: null, sample: true }, 'train'],
    ['a finished run at Compare', {}, 'compare'],
    [
      'a crashed run at Train',
      { lastRun: { id: 'r', status: 'failed', f1Before: null, f1After: null } },
      'train',
    ],
  ] as const)('%s', (_name, change, step) => {
    expect(openingStep({ ...project, ...change })).toBe(step)
  })
})

test('a finished run needs no word on its card, any other does', () => {
  expect(runState('finished')).toBeUndefined()
  expect(runState(null)).toBeUndefined()
  for (const status of [
    'queued',
    'starting',
    'running',
    'pausing',
    'paused',
    'stopping',
    'failed',
    'interrupted',
  ])
    expect(runState(status)?.text).toBeTruthy()
})

describe('errors of calls', () => {
  test('keep their code and sentence', () => {
    const error = errorOf(new AppError('name_taken', 'Choose another name.', { name: 'x' }))
    expect(error).toEqual({ code: 'name_taken', message: 'Choose another name.', details: { name: 'x' } })
    expect(errorReport(error)).toContain('name_taken: Choose another name.')
  })

  test('whatever else is thrown is a defect of ours', () => {
    expect(errorOf(new TypeError('x is undefined')).code).toBe('internal')
    expect(errorOf('plain')).toEqual({ code: 'internal', message: 'plain', details: {} })
  })

  test('stopping is no failure', () => {
    expect(isCancelled(new AppError('cancelled', 'Stopped.'))).toBe(true)
    expect(isCancelled(new Error('cancelled'))).toBe(false)
  })
})

import { describe, expect, test } from 'vitest'
import type { RunInfo } from '../../main/contract/runs.ts'
import { chosenRun, comparedRuns, usableRuns } from '../../renderer/answers/run-choice.ts'
import { isWithin } from '../../renderer/screens/export/within-folder.ts'

const scores = { exactMatch: 50, f1: 60, rougeL: 60, count: 10 }
const run = (id: string, over: Partial<RunInfo> = {}): RunInfo => ({
  id,
  projectId: 'p',
  name: id,
  status: 'finished',
  modelId: 'm',
  modelName: 'model',
  createdAt: 1,
  startedAt: 1,
  endedAt: 2,
  step: 10,
  steps: 10,
  error: null,
  resumable: false,
  before: scores,
  after: scores,
  stopped: 'finished',
  usable: true,
  folder: '/runs/x',
  changed: {},
  ...over,
})
const ids = (runs: readonly RunInfo[]): string[] => runs.map(({ id }) => id)

describe('runs to choose from', () => {
  const runs = [
    run('old', { createdAt: 1 }),
    run('unscored', { createdAt: 3, after: null }),
    run('none-asked', { createdAt: 2, after: { ...scores, count: 0 } }),
    run('failed', { createdAt: 9, usable: false, status: 'failed', after: null }),
    run('new', { createdAt: 4 }),
  ]

  test('usable ones, the newest first', () => {
    expect(ids(usableRuns(runs))).toEqual(['new', 'unscored', 'none-asked', 'old'])
  })

  test('to compare: those that have answered held-out questions', () => {
    expect(ids(comparedRuns(runs))).toEqual(['new', 'old'])
  })

  test('the one asked for, else the current one, else the newest', () => {
    const usable = usableRuns(runs)
    expect(chosenRun(usable, 'old', 'new')?.id).toBe('old')
    expect(chosenRun(usable, 'discarded', 'unscored')?.id).toBe('unscored')
    expect(chosenRun(usable, null, 'failed')?.id).toBe('new')
    expect(chosenRun([], 'old', 'new')).toBeNull()
  })
})

test('what lies in a folder is told by whole names, on every system', () => {
  expect(isWithin('/home/a/exports/p/run', '/home/a/exports')).toBe(true)
  expect(isWithin('C:\\Users\\a\\exports\\run', 'C:\\Users\\a/exports')).toBe(true)
  expect(isWithin('/home/a/exports-old/run', '/home/a/exports')).toBe(false)
  expect(isWithin('/home/a/exports', '/home/a/exports')).toBe(false)
  expect(isWithin('/anything', '')).toBe(false)
})

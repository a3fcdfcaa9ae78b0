import { AppError } from '../contract/errors.ts'
import type { Handlers } from '../contract/methods.ts'
import type { RunDetail, RunStatus } from '../contract/runs.ts'
import type { Changes } from '../store/changes.ts'
import type { Store } from '../store/open.ts'
import { discardRun } from './passing-folders.ts'
import { lastPlace } from './queue-place.ts'
import { factsOf, readRun, resumableStatuses, toRunDetail } from './run-row.ts'
import type { RunRow } from './run-row.ts'
import { changeRun } from './run-writes.ts'
import type { Runner } from './runner.ts'
import { isFolder } from './saved-state.ts'
import type { News } from './watchers.ts'

export type RunActionMethod =
  'runs.pause' | 'runs.resume' | 'runs.stopAndKeep' | 'runs.discard' | 'runs.rename'

export interface RunActionsOptions {
  readonly store: Store
  readonly changes: Changes
  readonly runner: Runner
  readonly publish: (runId: string, news: News) => void
  readonly now: () => number
}

const longestName = 100

/** What a person can do with a run; each throws `run_missing`, and `run_state` where it does not go with its state. */
export function createRunActions(options: RunActionsOptions): Handlers<RunActionMethod> {
  const { store, changes, runner, publish, now } = options

  const changed = async (runId: string): Promise<RunDetail> => {
    const row = await readRun(store, runId)
    publish(runId, { row: true })
    changes.publish('runs', row.project_id)
    return toRunDetail(row)
  }
  const enqueue = async (row: RunRow, facts: string): Promise<RunDetail> => {
    if (!(await isFolder(row.folder)))
      throw new AppError(
        'file_missing',
        `The folder of the run "${row.name}" is gone: ${row.folder} was removed or moved. Put it back, or discard the run and start a new one.`,
        { path: row.folder },
      )
    const queuedAt = await lastPlace(store, now())
    const start = { status: 'queued', queued_at: queuedAt, ended_at: null, error: null, facts } as const
    if (!(await changeRun(store, row.id, start, resumableStatuses))) await refuse(row.id, 'resumed')
    const detail = await changed(row.id)
    runner.pump()
    return detail
  }
  const refuse = async (runId: string, what: string): Promise<never> => {
    const { status, name } = await readRun(store, runId)
    throw new AppError('run_state', `The run "${name}" cannot be ${what}: ${stateTexts[status]}`, { status })
  }

  return {
    'runs.pause': async ({ runId }) => {
      await readRun(store, runId)
      if (await changeRun(store, runId, { status: 'paused', ended_at: now() }, ['queued']))
        return changed(runId)
      const pausing = { status: 'pausing' } as const
      if (!(await changeRun(store, runId, pausing, ['starting', 'running', 'stopping'])))
        return refuse(runId, 'paused')
      runner.wish(runId, 'pause')
      return changed(runId)
    },
    'runs.resume': async ({ runId }) => {
      const row = await readRun(store, runId)
      if (!resumableStatuses.includes(row.status)) return refuse(runId, 'resumed')
      return enqueue(row, row.facts)
    },
    'runs.stopAndKeep': async ({ runId }) => {
      const row = await readRun(store, runId)
      const active = runner.active()
      const step = active?.runId === runId ? (active.live?.step ?? 0) : row.checkpoint_step
      if (step === 0 && row.status !== 'finished') {
        const text = `The run "${row.name}" has not learnt anything yet that could be kept. Let it train for a while, or discard it.`
        throw new AppError('run_state', text, { status: row.status })
      }
      if (resumableStatuses.includes(row.status))
        return enqueue(row, JSON.stringify({ ...factsOf(row), keepAtOnce: true }))
      if (!(await changeRun(store, runId, { status: 'stopping' }, ['running'])))
        return refuse(runId, 'stopped and kept')
      runner.wish(runId, 'keep')
      return changed(runId)
    },
    'runs.discard': async ({ runId }) => {
      const { project_id: projectId, folder } = await readRun(store, runId)
      runner.wish(runId, 'discard')
      await runner.ended(runId)
      await discardRun(store, runId, folder)
      publish(runId, { row: true })
      changes.publish('runs', projectId)
      return null
    },
    'runs.rename': async ({ runId, name }) => {
      const wanted = name.trim()
      if (wanted === '' || wanted.length > longestName)
        throw new AppError('name_invalid', `A run's name has 1 to ${longestName} characters. Choose another.`)
      await readRun(store, runId)
      await changeRun(store, runId, { name: wanted })
      return changed(runId)
    },
  }
}

const stateTexts: Readonly<Record<RunStatus, string>> = {
  queued: 'it waits for its turn. Pause or discard it.',
  starting: 'it is being started. Wait a moment, or discard it.',
  running: 'it is at work. Pause it, stop and keep it, or discard it.',
  pausing: 'it is being paused. Wait until its checkpoint is saved.',
  paused: 'it is paused. Resume or discard it.',
  stopping: 'it is being ended, and what it has learnt is scored. Wait until it has finished.',
  finished: 'it has finished. Start a new run with the same settings.',
  failed: 'it has failed. Resume or discard it.',
  interrupted: 'it was interrupted. Resume or discard it.',
}

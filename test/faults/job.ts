/** The job that faults are tried on: a project over a tiny real model, and runs of it. */
import type { RunDetail, RunSeries } from '../../main/contract/runs.ts'
import { makeTinyProject } from '../support/tiny-project.ts'
import { tinySettings } from '../support/tiny-run.ts'
import type { FaultyHost } from './processes.ts'

/** A hundred steps of some milliseconds, twenty-five checkpoints, ten validations. */
export const jobSettings: Readonly<Record<string, unknown>> = {
  ...tinySettings,
  epochs: 20,
  saveEvery: 4,
  evaluateEvery: 10,
  rank: 8,
  alpha: 16,
  bestMetric: 'loss',
}

export interface Job {
  readonly projectId: string
  readonly modelId: string
}

/** Makes a project with the tiny model and its examples: to train on, to validate on, and to be scored on. */
export async function makeJob({ call }: FaultyHost, folder: string): Promise<Job> {
  const { projectId, modelId } = await makeTinyProject(call, folder, 'Faults')
  return { projectId, modelId }
}

export async function startRun({ call }: FaultyHost, job: Job, settings = jobSettings): Promise<RunDetail> {
  return call('runs.start', { ...job, name: null, settings })
}

export const seriesOf = ({ call }: FaultyHost, runId: string): Promise<RunSeries> =>
  call('runs.series', { runId, maxPoints: 20_000 })

/** Waits until a run is as wanted. @throws Error after four minutes, with how it stands. */
export async function until(
  { call }: FaultyHost,
  runId: string,
  wanted: (run: RunDetail) => boolean,
  patienceMs = 240_000,
): Promise<RunDetail> {
  const end = performance.now() + patienceMs
  for (;;) {
    const run = await call('runs.get', { runId })
    if (wanted(run)) return run
    if (performance.now() > end)
      throw new Error(
        `waited for ${run.name}: ${run.status} at step ${run.step}, ${run.error?.message ?? ''}`,
      )
    await new Promise((resolve) => setTimeout(resolve, 15))
  }
}

export const hasEnded = ({ status }: RunDetail): boolean =>
  ['finished', 'failed', 'paused', 'interrupted'].includes(status)

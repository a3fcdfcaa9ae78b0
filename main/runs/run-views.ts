import type { RunProgress, RunSeries } from '../contract/runs.ts'
import type { Store } from '../store/open.ts'
import type { MetricsReader } from './metrics-reader.ts'
import { factsOf, readLog, readRun, toRunDetail } from './run-row.ts'
import type { RunRow } from './run-row.ts'
import type { ActiveRun } from './runner.ts'
import type { RunViews } from './watchers.ts'

export interface RunViewsOptions {
  readonly store: Store
  readonly metrics: MetricsReader
  readonly active: () => ActiveRun | null
}

/** What is shown of runs: of the one at work from memory, of others from the store and their folders. */
export function createRunViews({ store, metrics, active }: RunViewsOptions): RunViews & {
  series(runId: string, maxPoints: number): Promise<RunSeries>
} {
  const liveOf = (runId: string) => {
    const run = active()
    return run?.runId === runId ? run.live : null
  }
  const progressOf = async (row: RunRow): Promise<RunProgress> => {
    const ahead = row.status === 'queued' ? await aheadOf(row) : 0
    return liveOf(row.id)?.progress() ?? restingProgress(row, ahead)
  }
  const aheadOf = async ({ queued_at, created_at }: RunRow): Promise<number> => {
    const found = await store.get<{ count: number }>(
      `SELECT COUNT(*) AS count FROM run WHERE status = 'queued' AND (queued_at, created_at) < (?, ?)`,
      queued_at,
      created_at,
    )
    return (found?.count ?? 0) + (active() ? 1 : 0)
  }
  return {
    snapshot: async (runId, maxPoints) => {
      const row = await readRun(store, runId)
      const kind = 'snapshot'
      const run = toRunDetail(row)
      // Nothing is waited for after this: no report can come in between.
      const live = liveOf(runId)
      if (live) {
        const [progress, series] = [live.progress(), live.course.series(maxPoints)]
        return { live: true, snapshot: { kind, run, progress, series, log: live.log } }
      }
      const progress = await progressOf(row)
      const series = (await metrics.read(row.folder)).series(maxPoints)
      return { live: false, snapshot: { kind, run, progress, series, log: await readLog(store, runId) } }
    },
    progress: async (runId) => liveOf(runId)?.progress() ?? progressOf(await readRun(store, runId)),
    detail: async (runId) => toRunDetail(await readRun(store, runId)),
    series: async (runId, maxPoints) => {
      const { folder } = await readRun(store, runId)
      const course = liveOf(runId)?.course ?? (await metrics.read(folder))
      return course.series(maxPoints)
    },
  }
}

/** Where a run stands that no process works on. */
function restingProgress(row: RunRow, ahead: number): RunProgress {
  const facts = factsOf(row)
  const waits = row.status === 'queued' || row.status === 'starting'
  return {
    phase: waits ? 'queued' : 'ended',
    done: 0,
    total: 0,
    step: row.step,
    steps: row.steps,
    epoch: facts.epoch ?? 0,
    epochs: facts.epochs ?? 0,
    elapsedSeconds: facts.seconds ?? 0,
    secondsLeft: null,
    tokensPerSecond: facts.tokensPerSecond ?? 0,
    processorPercent: 0,
    memoryMb: 0,
    ahead,
  }
}

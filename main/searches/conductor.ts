import type { TrainingDataset } from '../../trainer/protocol.ts'
import { errorValueOf } from '../trainers/error-value.ts'
import type { ErrorValue } from '../contract/errors.ts'
import type { RunDetail, RunUpdate } from '../contract/runs.ts'
import type { SearchStatus } from '../contract/searches.ts'
import type { Changes } from '../store/changes.ts'
import type { Store } from '../store/open.ts'
import { isHopeless } from './median-rule.ts'
import type { Values } from './plan-trials.ts'
import { drawnShare, trialSettings } from './plan-trials.ts'
import { changeSearch, changeTrial, readSearch, readTrials, validationsOf, valuesOf } from './search-rows.ts'
import type { KeptPlan, LiveTrial, SearchRow, TrialRow } from './search-rows.ts'
import { TrialCourse } from './trial-course.ts'

/** What a search needs of the runs that are its trials. */
export interface TrialRuns {
  start(trial: {
    readonly projectId: string
    readonly searchId: string
    readonly modelId: string
    readonly name: string
    readonly settings: Values
    readonly folder: string
    readonly datasets: readonly TrainingDataset[]
    readonly validation: string | null
    readonly splits: RunDetail['splits']
  }): Promise<RunDetail>
  /** @throws AppError `run_missing`. */
  get(runId: string): Promise<RunDetail>
  resume(runId: string): Promise<RunDetail>
  pause(runId: string): Promise<unknown>
  discard(runId: string): Promise<unknown>
  /** Tells of a run until the signal aborts. */
  watch(runId: string, emit: (update: RunUpdate) => void, signal: AbortSignal): Promise<never>
}

export interface ConductorOptions {
  readonly store: Store
  readonly changes: Changes
  readonly runs: TrialRuns
  /** Called when a search has nothing more to train. */
  readonly tidy: (search: SearchRow) => Promise<void>
  readonly now: () => number
}

/** Trains the trials of searches, one after the other in each; the queue of runs orders those of several. */
export interface Conductor {
  /** Begins, or goes on, with a search whose status is `running`. */
  begin(search: Pick<SearchRow, 'id' | 'project_id'>): void
  live(searchId: string): LiveTrial | null
  isAtWork(searchId: string): boolean
  /** Pauses the trial at work and resolves when the search is at rest. */
  stop(searchId: string): Promise<void>
  /** Lets go of searches that are to be removed, at once; their runs are for the caller to end. */
  abandon(which: (search: { readonly id: string; readonly projectId: string }) => boolean): Promise<void>
  /** Starts no trial any more; for an app that is about to end its runs. */
  quit(): void
  /** Resolves when everything is written; called when no run is at work any more. */
  dispose(): Promise<void>
}

interface Work {
  readonly id: string
  readonly projectId: string
  wish: 'stop' | 'quit' | 'abandon' | null
  runId: string | null
  course: TrialCourse | null
  watching: AbortController | null
  told: number
  ended: Promise<void>
}

/** How a trial's turn ended: `rest` where its run was paused. */
type Turn = { readonly kind: 'ended' | 'rest' } | { readonly kind: 'failed'; readonly error: ErrorValue }

/** Trials that fail one after the other, not by a learning rate that is too high, before the search gives up. */
const mostFailures = 3
/** Milliseconds between two tellings of a trial's steps. */
const tellEveryMs = 1_000

export function createConductor({ store, changes, runs, tidy, now }: ConductorOptions): Conductor {
  const works = new Map<string, Work>()
  let disposed = false

  const tell = (work: Work): void => {
    work.told = now()
    changes.publish('searches', work.projectId)
  }

  const conduct = async (work: Work): Promise<void> => {
    let failures = 0
    while (work.wish === null) {
      const search = await readSearch(store, work.id)
      const trials = await readTrials(store, work.id)
      const waiting = trials.filter(({ status }) => status === 'waiting')
      const trial = waiting.find(({ run_id: runId }) => runId !== null) ?? waiting[0]
      if (!trial) {
        await rest(work, 'finished', null)
        await tidy(search)
        return
      }
      const turn = await train(work, { search, trial, trials })
      if (turn.kind === 'rest') break
      const counts = turn.kind === 'failed' && turn.error.code !== 'loss_not_finite'
      failures = counts ? failures + 1 : 0
      if (turn.kind === 'failed' && failures >= mostFailures) {
        await rest(work, 'failed', turn.error)
        return
      }
    }
    if (work.wish !== 'abandon') await rest(work, work.wish === 'stop' ? 'stopped' : 'interrupted', null)
  }

  const rest = async (work: Work, status: SearchStatus, error: ErrorValue | null): Promise<void> => {
    const end = { status, ended_at: now(), error: error && JSON.stringify(error) }
    await changeSearch(store, work.id, end, ['running', 'stopping'])
    tell(work)
  }

  interface Turns {
    readonly search: SearchRow
    readonly trial: TrialRow
    readonly trials: readonly TrialRow[]
  }

  /** Trains one trial to its end, to its pruning, or until its run is paused. @throws what starting a run throws */
  const train = async (work: Work, { search, trial, trials }: Turns): Promise<Turn> => {
    const run = await startRun(search, trial)
    work.runId = run.id
    await changeTrial(store, trial, { status: 'running', run_id: run.id })
    const course = new TrialCourse(trial, { objective: search.objective, now })
    work.course = course
    tell(work)
    // Stopped while the run was being made.
    if (work.wish === 'stop') await pauseRun(run.id)
    try {
      const pruned = await follow(work, { run, course, search, finished: finishedCourses(trials) })
      return await settle(work, { trial, run, course, pruned })
    } finally {
      work.course = null
      work.runId = null
      tell(work)
    }
  }

  const startRun = async (search: SearchRow, trial: TrialRow): Promise<RunDetail> => {
    const known = trial.run_id === null ? null : await runs.get(trial.run_id).catch(() => null)
    if (known) {
      if (!known.resumable) return known
      const resumed = await runs.resume(known.id).catch(() => null)
      if (resumed) return resumed
      // What it had saved is gone: it begins anew.
      await runs.discard(known.id)
    }
    const { folder, splits, model_id: modelId } = search
    const plan = JSON.parse(search.plan) as KeptPlan
    const settings = JSON.parse(search.settings) as Values
    return runs.start({
      projectId: search.project_id,
      searchId: search.id,
      modelId: modelId ?? '',
      name: `${search.name}, trial ${trial.number}`,
      settings: {
        ...trialSettings({ settings, trialEpochs: plan.trialEpochs }, valuesOf(trial)),
        ...(plan.validation === null ? { validationFraction: drawnShare } : {}),
      },
      folder,
      datasets: plan.datasets,
      validation: plan.validation,
      splits: JSON.parse(splits) as RunDetail['splits'],
    })
  }

  interface Following {
    readonly run: RunDetail
    readonly course: TrialCourse
    readonly search: SearchRow
    readonly finished: readonly TrialRow[]
  }

  /** Watches a run until it rests; true where it was found to be hopeless before. */
  const follow = async (work: Work, { run, course, search, finished }: Following): Promise<boolean> => {
    const { pruning } = JSON.parse(search.plan) as KeptPlan
    const others = finished.map(validationsOf)
    const watching = new AbortController()
    work.watching = watching
    // Let go of while its run was being made.
    if (work.wish === 'abandon' || disposed) watching.abort()
    let pruned = false
    const emit = (update: RunUpdate): void => {
      const validated = course.take(update)
      pruned ||=
        pruning && validated && !course.isResting && isHopeless(course.validations, others, search.objective)
      if (pruned || course.isResting) watching.abort()
      if (validated || now() - work.told >= tellEveryMs) void keepCourse(work, run.id, course)
    }
    await runs.watch(run.id, emit, watching.signal).catch((thrown: unknown) => {
      if (!watching.signal.aborted) throw thrown
    })
    return pruned
  }

  const keepCourse = async (work: Work, runId: string, course: TrialCourse): Promise<void> => {
    work.told = now()
    const { step, steps, seconds, validations } = course.columns()
    await store
      .run(
        'UPDATE trial SET step = ?, steps = ?, seconds = ?, validations = ? WHERE search_id = ? AND run_id = ?',
        ...[step, steps, seconds, validations, work.id, runId],
      )
      // What cannot be written now (a full disk) is written with the next validation, or at the end.
      .catch(() => undefined)
    tell(work)
  }

  interface Settling {
    readonly trial: TrialRow
    readonly run: RunDetail
    readonly course: TrialCourse
    readonly pruned: boolean
  }

  const settle = async (work: Work, { trial, run, course, pruned }: Settling): Promise<Turn> => {
    const columns = course.columns()
    if (work.wish === 'abandon') return { kind: 'rest' }
    if (pruned) {
      await changeTrial(store, trial, { ...columns, status: 'pruned' })
      await runs.discard(run.id)
      return { kind: 'ended' }
    }
    if (course.status === 'finished') {
      await changeTrial(store, trial, { ...columns, status: 'finished' })
      await runs.discard(run.id)
      return { kind: 'ended' }
    }
    if (course.status === 'failed') {
      const { error } = await runs.get(run.id)
      await changeTrial(store, trial, { ...columns, status: 'failed', error: JSON.stringify(error) })
      await runs.discard(run.id)
      return error ? { kind: 'failed', error } : { kind: 'ended' }
    }
    await changeTrial(store, trial, { ...columns, status: 'waiting' })
    return { kind: 'rest' }
  }

  const pauseRun = async (runId: string): Promise<void> => {
    // A run that ends in this very moment cannot be paused any more, and need not be.
    await runs.pause(runId).catch(() => undefined)
  }

  return {
    begin: ({ id, project_id: projectId }) => {
      const work: Work = {
        id,
        projectId,
        wish: null,
        runId: null,
        course: null,
        watching: null,
        told: 0,
        ended: Promise.resolve(),
      }
      works.set(id, work)
      work.ended = conduct(work)
        .catch(async (thrown: unknown) => {
          if (work.wish === 'abandon') return
          await store.run(
            `UPDATE trial SET status = 'waiting' WHERE search_id = ? AND status = 'running'`,
            id,
          )
          await rest(work, 'failed', errorValueOf(thrown))
        })
        .catch(() => {
          // Not even the failure could be stored; the next start of the app finds the search as interrupted.
        })
        .finally(() => {
          works.delete(id)
          tell(work)
        })
    },
    live: (searchId) => works.get(searchId)?.course?.live() ?? null,
    isAtWork: (searchId) => works.has(searchId),
    stop: async (searchId) => {
      const work = works.get(searchId)
      if (!work) return
      work.wish ??= 'stop'
      if (work.runId !== null) await pauseRun(work.runId)
      await work.ended
    },
    abandon: async (which) => {
      const chosen = [...works.values()].filter(which)
      for (const work of chosen) {
        work.wish = 'abandon'
        work.watching?.abort()
      }
      await Promise.all(chosen.map(({ ended }) => ended))
    },
    quit: () => {
      for (const work of works.values()) work.wish ??= 'quit'
    },
    dispose: async () => {
      disposed = true
      const all = [...works.values()]
      for (const { watching } of all) watching?.abort()
      await Promise.all(all.map(({ ended }) => ended))
    },
  }
}

function finishedCourses(trials: readonly TrialRow[]): readonly TrialRow[] {
  return trials.filter(({ status }) => status === 'finished')
}

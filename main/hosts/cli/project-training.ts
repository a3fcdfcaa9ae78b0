import { readFile, realpath, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { App } from '../../app.ts'
import type { EventListener, Job } from '../../contract/engine.ts'
import type { SettingsSource, TrainResult } from '../../contract/engine-types.ts'
import type { ErrorReport } from '../../contract/errors.ts'
import type { RunDetail, RunStatus } from '../../contract/runs.ts'
import { Failure, failureValue } from './failure.ts'
import { findProject } from './find-project.ts'
import { countOf, shellWord } from './format.ts'
import { weighSources } from './mixture.ts'
import type { ProgressLine } from './progress-line.ts'
import type { TrainingFeed } from './training-feed.ts'
import { plainCall } from '../../app.ts'

export interface ProjectRunRequest {
  readonly project: string
  /** A model folder to add and use; null takes the model that the project has chosen. */
  readonly model: string | null
  readonly settings: SettingsSource
  /** `name=number` for sources whose weight in the training is to change. */
  readonly weights: readonly string[]
}

export interface FollowOptions {
  readonly feed: TrainingFeed
  readonly onEvent: EventListener
  /** True where the run is gone on with. */
  readonly resumed: boolean
  /** Told what the run waits for. */
  readonly progress: ProgressLine
}

const endedStatuses: readonly RunStatus[] = ['finished', 'failed', 'paused', 'interrupted']

/**
 * A run of a project, reported and ended as a run by paths is; the store has it as the window would. Stopping pauses
 * it.
 *
 * @param begin starts the run, or goes on with it
 */
export function followProjectRun(
  app: App,
  begin: () => Promise<RunDetail>,
  { feed, onEvent, resumed, progress }: FollowOptions,
): Job<TrainResult> {
  const { handlers } = app
  let runId: string | null = null
  let stopping = false
  const pause = async (): Promise<void> => {
    // A run that ends in this very moment cannot be paused any more, and need not be.
    if (runId !== null) await handlers['runs.pause']({ runId }, plainCall).catch(() => undefined)
  }

  const outcome = (async (): Promise<TrainResult | ErrorReport> => {
    const run = await begin()
    runId = run.id
    // To its trainer every run of a project is one to go on with: its folder is made before.
    feed.follow(run.folder, (event) => onEvent(event.type === 'run' ? { ...event, resumed } : event))
    if (stopping) await pause()
    return resultOf(await ended(app, run, progress))
  })().catch((thrown: unknown): ErrorReport => ({ type: 'error', error: failureValue(thrown) }))

  return {
    outcome,
    stop: () => {
      stopping = true
      void pause()
    },
    kill: () => feed.kill(),
  }
}

/** Waits until no trainer works on the run any more, and none is to. */
async function ended({ handlers }: App, run: RunDetail, progress: ProgressLine): Promise<RunDetail> {
  const watching = new AbortController()
  let last = run
  let ahead = 0
  const emit: Parameters<App['handlers']['runs.watch']>[1]['emit'] = (update) => {
    last = update.run ?? last
    if (endedStatuses.includes(last.status)) watching.abort()
    if (update.progress.ahead !== ahead && update.progress.ahead > 0)
      progress.print(`waiting for its turn: ${countOf(update.progress.ahead, 'run')} before it`)
    ahead = update.progress.ahead
  }
  await handlers['runs.watch']({ runId: run.id, maxPoints: 2 }, { emit, signal: watching.signal }).catch(
    (thrown: unknown) => {
      if (!watching.signal.aborted) throw thrown
    },
  )
  return last
}

/** Starts a run of a project with its settings and those given. A project without a model keeps the one given. */
export async function startRun(
  app: App,
  { project, model, settings, weights }: ProjectRunRequest,
  progress: ProgressLine,
): Promise<RunDetail> {
  const { handlers } = app
  const { id: projectId, name } = await findProject(app, project)
  const detail = await handlers['projects.get']({ projectId }, plainCall)
  const values = { ...detail.settings, ...(await app.engine.givenSettings(settings)) }
  const modelId =
    model === null ? detail.modelId : (await handlers['models.addFolder']({ folder: model }, plainCall)).id
  if (modelId === null)
    throw new Failure(
      'run_not_ready',
      `The project ${name} has no model yet: name one with --model DIR, or choose one in the window.`,
      { project: name },
    )
  await weighSources(app, projectId, weights)
  const { warnings } = await handlers['runs.readiness']({ projectId, modelId, settings: values }, plainCall)
  for (const warning of warnings) progress.print(warning)
  const run = await handlers['runs.start']({ projectId, modelId, name: null, settings: values }, plainCall)
  if (detail.modelId === null) await handlers['projects.choose']({ projectId, modelId }, plainCall)
  return run
}

/** The home folder that a run's folder belongs to; null where it is a run by paths. */
export async function homeOfRun(runDir: string): Promise<string | null> {
  const folder = await realpath(runDir).catch(() => null)
  if (folder === null) return null
  const runs = dirname(folder)
  const projects = dirname(dirname(runs))
  if (basename(runs) !== 'runs' || basename(projects) !== 'projects') return null
  const home = dirname(projects)
  return (await stat(join(home, 'store.sqlite')).catch(() => null))?.isFile() ? home : null
}

/** The run whose folder this is. @throws Failure `run_missing` */
export async function findRun({ handlers }: App, runDir: string): Promise<RunDetail> {
  const wanted = await realpath(runDir)
  for (const { id, folder } of await handlers['runs.list']({ projectId: null }, plainCall))
    if ((await realpath(folder).catch(() => folder)) === wanted)
      return handlers['runs.get']({ runId: id }, plainCall)
  throw new Failure(
    'run_missing',
    `${runDir} lies among the runs of a project, but no project knows it. Start a new run.`,
    { runDir },
  )
}

/** Goes on with a run of a project from its newest checkpoint. */
export async function resumeRun({ handlers }: App, run: RunDetail): Promise<RunDetail> {
  const { id: runId, status } = run
  // One that waited when its app went is only now put into the queue that is worked on.
  if (status === 'queued') await handlers['runs.pause']({ runId }, plainCall)
  return handlers['runs.resume']({ runId }, plainCall)
}

/** The result as the trainer wrote it into the run's folder; of a run paused before that what is known of it. */
async function resultOf(run: RunDetail): Promise<TrainResult | ErrorReport> {
  if (run.status === 'failed' && run.error) {
    const { error } = run
    const message = `${error.message} On the command line: loracle train --resume ${shellWord(run.folder)}`
    return { type: 'error', error: error.code === 'trainer_crashed' ? { ...error, message } : error }
  }
  const text = await readFile(join(run.folder, 'result.json'), 'utf8').catch(() => null)
  if (text !== null) return JSON.parse(text) as TrainResult
  return {
    type: 'result',
    kind: 'train',
    runDir: run.folder,
    adapter: '',
    stopped: 'cancelled',
    step: run.step,
    steps: run.steps,
    bestStep: run.bestStep ?? 0,
    seconds: 0,
    tokensPerSecond: run.tokensPerSecond ?? 0,
    peakRssMb: run.peakMemoryMb ?? 0,
    before: run.before,
    after: run.after,
    tests: [],
    comparisons: [],
  }
}

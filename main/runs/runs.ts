import { randomUUID } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { describeSettings, parseSettings } from '../../trainer/protocol.ts'
import type { Settings, TrainingDataset } from '../../trainer/protocol.ts'
import { AppError } from '../contract/errors.ts'
import type { Handlers } from '../contract/methods.ts'
import type { ModelInfo } from '../contract/models.ts'
import type { Estimate, ReadinessRequest, Readiness, RunDetail } from '../contract/runs.ts'
import type { Changes } from '../store/changes.ts'
import { homeFolders, removeFolder } from '../store/files.ts'
import type { Store } from '../store/open.ts'
import { errorOf, errorValueOf } from '../trainers/error-value.ts'
import { machineMemory } from '../trainers/machine-memory.ts'
import type { Providers } from '../trainers/providers.ts'
import type { TrainerProcess } from '../trainers/trainer-process.ts'
import { createAdapterImports } from './adapter-imports.ts'
import type { AdapterMethod } from './adapter-imports.ts'
import { changedSettings } from './changed-settings.ts'
import { createEstimates, removeEstimateFolders } from './estimates.ts'
import { createMetricsReader } from './metrics-reader.ts'
import { presetsFor } from './presets.ts'
import { readProjectData, requireProject } from './project-data.ts'
import { judgeReadiness, runSettings } from './readiness.ts'
import { recoverRuns } from './recover-runs.ts'
import { createRunActions } from './run-actions.ts'
import type { RunActionMethod } from './run-actions.ts'
import { forgetFolder, noteFolder } from './passing-folders.ts'
import { lastPlace } from './queue-place.ts'
import { fillRunFolder } from './run-folder.ts'
import { readRun, toRunDetail, toRunInfo } from './run-row.ts'
import type { RunRow } from './run-row.ts'
import { writeRunData } from './run-data.ts'
import type { RunDataWriters, RunFiles, RunPurpose } from './run-data.ts'
import { createRunViews } from './run-views.ts'
import { createRunner } from './runner.ts'
import { createWatchers } from './watchers.ts'

export interface RunsOptions extends RunDataWriters {
  readonly store: Store
  readonly changes: Changes
  readonly startTrainer: () => TrainerProcess
  readonly providers: Providers
  /** A digest of everything that a run of the project would train and be scored on. */
  readonly dataDigest: (projectId: string) => Promise<string>
  /** A model of the list; null where it is not in it. */
  readonly modelOf: (modelId: string) => Promise<ModelInfo | null>
  readonly now?: () => number
  /** Milliseconds that a run has for its checkpoint when the app quits. */
  readonly quitGraceMs?: number
}

export type RunMethod =
  | RunActionMethod
  | 'runs.form'
  | 'runs.readiness'
  | 'runs.estimate'
  | 'runs.start'
  | 'runs.list'
  | 'runs.get'
  | 'runs.series'
  | 'runs.watch'
  | AdapterMethod

/** A run that tries settings out for a search: on files that are there already, and scored on no test set. */
export interface TrialRequest {
  readonly projectId: string
  readonly searchId: string
  readonly modelId: string
  readonly name: string
  readonly settings: Readonly<Record<string, unknown>>
  /** The folder that its own folder is made in. */
  readonly folder: string
  readonly datasets: readonly TrainingDataset[]
  /** Null where the run draws its validation examples from the data, as `validationFraction` says. */
  readonly validation: string | null
  readonly splits: RunDetail['splits']
}

/** The runs of all projects: one trains at a time, in a process of its own, and the others wait for it. */
export interface Runs extends Handlers<RunMethod> {
  /**
   * The model and the whole settings of a run that could start now, and the examples that it would have.
   *
   * @throws AppError `run_not_ready` with the first thing that is missing.
   */
  requireReady(request: ReadinessRequest): Promise<{
    readonly model: ModelInfo
    readonly settings: Settings
    readonly examples: Readiness['examples']
  }>
  /** Queues a run that belongs to a search: it is in no list, and fails without a notice. @throws AppError `run_not_ready` */
  startTrial(request: TrialRequest): Promise<RunDetail>
  /** Writes what a run of a project reads into a folder that is there. */
  writeData(projectId: string, folder: string, purpose: RunPurpose): Promise<RunFiles>
  /** True where a run of the project is at work or waits. */
  hasActiveRun(projectId: string): Promise<boolean>
  /** Ends the project's runs and measurements at once, without a checkpoint; for a project that is to be deleted. */
  stopRuns(projectId: string): Promise<void>
  /** The run that is at work; null where there is none. */
  activeRun(): { readonly runId: string; readonly projectId: string; readonly name: string } | null
  /** True where a run that has not ended uses the model. */
  usesModel(modelId: string): Promise<boolean>
  /** Sets right what the last process left, and starts what waits unless told not to. Called once, before anything else. */
  recover(options?: { readonly startsWaitingRuns: boolean }): Promise<void>
  /** Pauses the run at work, within a bound, and ends every process. */
  dispose(): Promise<void>
}

export function createRuns(options: RunsOptions): Runs {
  const { store, changes, startTrainer, providers, writeSplits, writePassages, dataDigest, modelOf } = options
  const { now = Date.now, quitGraceMs = 20_000 } = options
  const metrics = createMetricsReader()
  const estimates = createEstimates({ store, startTrainer, writeSplits, writePassages, dataDigest, now })
  const views = createRunViews({ store, metrics, active: () => runner.active() })
  const watchers = createWatchers(views)
  const runner = createRunner({
    store,
    changes,
    startTrainer,
    providers,
    modelFolder: async (modelId) => (await modelOf(modelId))?.folder ?? null,
    publish: watchers.publish,
    beforeStart: estimates.interrupt,
    now,
    quitGraceMs,
  })

  const waiting = async (projectId: string | null): Promise<number> => {
    const found = await store.get<{ count: number }>(
      `SELECT COUNT(*) AS count FROM run
        WHERE status IN ('queued', 'starting', 'running', 'pausing', 'stopping') AND project_id = COALESCE(?, project_id)`,
      projectId,
    )
    return found?.count ?? 0
  }

  /** In the window a run that names no provider takes the fastest one that the machine's check found right. */
  const withProvider = async (
    settings: ReadinessRequest['settings'],
  ): Promise<ReadinessRequest['settings']> =>
    'provider' in settings
      ? settings
      : { ...settings, provider: await providers.fastest(settings['weightPrecision']) }

  const readiness = async (request: ReadinessRequest): Promise<Readiness> => {
    const { projectId, modelId } = request
    const settings = await providers.foresee(await withProvider(request.settings))
    const data = await readProjectData(store, projectId)
    const model = modelId === null ? null : await modelOf(modelId)
    const parts = { data, model, settings, memory: await machineMemory(), before: await waiting(null) }
    const judged = judgeReadiness({ ...parts, time: null })
    if (!judged.ready || !model) return judged
    const time = await estimates.known({ projectId, model, settings: runSettings(settings) })
    return time ? judgeReadiness({ ...parts, time }) : judged
  }

  /** @throws AppError `run_not_ready` with the first thing that is missing. */
  const requireReady: Runs['requireReady'] = async (request) => {
    const given = await withProvider(request.settings)
    runSettings(given)
    const { problems, examples } = await readiness({ ...request, settings: given })
    const model = request.modelId === null ? null : await modelOf(request.modelId)
    const [problem] = problems
    if (problem || !model) throw notReady(problem)
    return { model, settings: runSettings(await providers.settle(given)), examples }
  }

  /** A project that was deleted while a run's files were written has left no folder. */
  const clearDeleted = async (projectId: string): Promise<void> => {
    if (await store.get('SELECT 1 FROM project WHERE id = ?', projectId)) return
    await removeFolder(homeFolders(store.home).project(projectId))
  }

  const writeData: Runs['writeData'] = (projectId, folder, purpose) =>
    writeRunData(projectId, folder, { writeSplits, writePassages, ...purpose })

  const makeRun = async (
    projectId: string,
    { name, model, settings }: { name: string | null; model: ModelInfo; settings: Settings },
  ): Promise<RunDetail> => {
    const shown = name?.trim() || (await nextName(store, projectId))
    let counts = { train: 0, validation: 0, test: 0 }
    const folder = await fillRunFolder(homeFolders(store.home).runs(projectId), shown, async (runDir) => {
      await noteFolder(store, runDir)
      const dataFolder = join(runDir, 'data')
      await mkdir(dataFolder)
      const data = await writeData(projectId, dataFolder, { model, settings })
      counts = data.counts
      const { datasets, validation, tests } = data
      return { model: model.folder, datasets, validation, tests, settings }
    }).catch(async (thrown: unknown) => {
      await clearDeleted(projectId)
      // What the system says (no room left, no permission) is for a person to read.
      throw errorOf(errorValueOf(thrown))
    })
    return addRun({ projectId, searchId: null, shown, folder, model, settings, counts })
  }

  /** Stores a run whose folder is filled, and queues it. */
  const addRun = async (run: NewRun): Promise<RunDetail> => {
    const { projectId, searchId, shown, folder, model, settings, counts } = run
    const id = randomUUID()
    try {
      const [at, json] = [now(), JSON.stringify]
      const { changes: added } = await store.transaction(async (writer) => {
        await forgetFolder(writer, folder)
        return writer.run(
          `INSERT INTO run (id, project_id, search_id, name, status, model_id, model_name, model_folder, folder, settings,
              changed, splits, created_at, queued_at)
            SELECT ?, id, ?, ?, 'queued', ?, ?, ?, ?, ?, ?, ?, ?, ? FROM project WHERE id = ?`,
          ...[id, searchId, shown, model.id, model.name, model.folder, folder, json(settings)],
          ...[json(changedSettings(settings)), json(counts), at, await lastPlace(writer, at), projectId],
        )
      })
      // Deleted while its examples were written.
      if (added === 0) await requireProject(store, projectId)
    } catch (thrown) {
      await removeFolder(folder)
      await clearDeleted(projectId)
      throw thrown
    }
    changes.publish('runs', projectId)
    runner.pump()
    return toRunDetail(await readRun(store, id))
  }

  const startTrial: Runs['startTrial'] = async (trial) => {
    const { projectId, searchId, datasets, validation, splits: counts } = trial
    const settings = validation === null ? parseSettings(trial.settings) : runSettings(trial.settings)
    const model = await modelOf(trial.modelId)
    if (!model?.usable) throw notReady()
    const run = { model: model.folder, datasets, validation, tests: [], settings }
    const folder = await fillRunFolder(trial.folder, trial.name, async (runDir) => {
      await noteFolder(store, runDir)
      return run
    }).catch((thrown: unknown) => {
      throw errorOf(errorValueOf(thrown))
    })
    return addRun({ projectId, searchId, shown: trial.name, folder, model, settings, counts })
  }

  return {
    ...createAdapterImports({ store, changes, startTrainer, modelOf, now }),
    ...createRunActions({ store, changes, runner, publish: watchers.publish, now }),

    'runs.form': async ({ projectId }) => {
      const { counts, modelId } = await readProjectData(store, projectId)
      const model = modelId === null ? null : await modelOf(modelId)
      const fastest = await providers.fastest()
      const basis = {
        starter: model?.origin === 'starter',
        parameters: model?.parameters ?? 0,
        kind: model?.kind ?? null,
      }
      return {
        // A project's validation examples are one of its splits, which the Data step sets.
        settings: describeSettings()
          .filter(({ name }) => name !== 'validationFraction')
          .map((info) => (info.name === 'provider' ? { ...info, defaultValue: fastest } : info)),
        presets: presetsFor({ trainExamples: counts.train, model: basis }),
      }
    },
    'runs.readiness': readiness,
    'runs.estimate': async (request, { emit, signal }): Promise<Estimate> => {
      const { model, settings } = await requireReady(request)
      const wanted = { projectId: request.projectId, model, settings }
      const known = await estimates.known(wanted)
      if (known) return known
      if (runner.active())
        throw new AppError(
          'run_state',
          'A run is at work: measuring now would disturb it and give a wrong time. Measure again when it has ended.',
        )
      return estimates.measure(wanted, { emit, signal })
    },
    'runs.start': async ({ projectId, modelId, name, settings }) => {
      const ready = await requireReady({ projectId, modelId, settings })
      return makeRun(projectId, { name, ...ready })
    },
    'runs.list': async ({ projectId }) => {
      if (projectId !== null) await requireProject(store, projectId)
      const rows = await store.all<RunRow>(
        `SELECT * FROM run WHERE search_id IS NULL AND project_id = COALESCE(?, project_id)
          ORDER BY rowid DESC`,
        projectId,
      )
      return rows.map(toRunInfo)
    },
    'runs.get': ({ runId }) => views.detail(runId),
    'runs.series': ({ runId, maxPoints }) => views.series(runId, maxPoints),
    'runs.watch': ({ runId, maxPoints }, { emit, signal }) =>
      watchers.watch(runId, { maxPoints, emit, signal }),

    requireReady,
    startTrial,
    writeData,
    hasActiveRun: async (projectId) => (await waiting(projectId)) > 0,
    stopRuns: async (projectId) => {
      await store.run(
        `UPDATE run SET status = 'paused' WHERE project_id = ? AND status = 'queued'`,
        projectId,
      )
      await estimates.stopProject(projectId)
      const active = runner.active()
      if (active?.projectId !== projectId) return
      runner.wish(active.runId, 'halt')
      await runner.ended(active.runId)
    },
    activeRun: () => runner.active(),
    usesModel: async (modelId) => {
      const found = await store.get(
        `SELECT 1 FROM run WHERE model_id = ? AND status IN ('queued', 'starting', 'running', 'pausing', 'stopping')`,
        modelId,
      )
      return found !== null
    },
    recover: async ({ startsWaitingRuns } = { startsWaitingRuns: true }) => {
      await removeEstimateFolders(store)
      if ((await recoverRuns(store, now)) > 0) {
        changes.publish('runs', null)
        changes.publish('notices', null)
      }
      if (startsWaitingRuns) runner.pump()
    },
    dispose: async () => {
      await estimates.interrupt()
      await runner.dispose()
    },
  }
}

interface NewRun {
  readonly projectId: string
  readonly searchId: string | null
  readonly shown: string
  readonly folder: string
  readonly model: ModelInfo
  readonly settings: Settings
  readonly counts: RunDetail['splits']
}

function notReady(problem?: Readiness['problems'][number]): AppError {
  const message = problem?.message ?? 'The model is no longer in the list. Choose another one.'
  return new AppError('run_not_ready', message, { step: problem?.step ?? 'model' })
}

/** "Run 3": one more than the runs that were ever counted so in the project. */
async function nextName(store: Store, projectId: string): Promise<string> {
  const rows = await store.all<{ name: string }>('SELECT name FROM run WHERE project_id = ?', projectId)
  const numbers = rows.map(({ name }) => Number(/^Run (\d{1,6})$/.exec(name)?.[1] ?? 0))
  return `Run ${Math.max(0, ...numbers) + 1}`
}

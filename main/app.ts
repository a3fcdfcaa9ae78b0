import { appendFile, readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { createAppLog, noLog } from './app-log.ts'
import { createChat } from './chat/chat.ts'
import { argumentChecks } from './contract/arguments.ts'
import type { FoundPassage } from './contract/comparisons.ts'
import type { Engine } from './contract/engine.ts'
import type { AnswerSettings } from './contract/engine-types.ts'
import { AppError } from './contract/errors.ts'
import type { Handlers, MethodName } from './contract/methods.ts'
import type { AppInfo } from './contract/projects.ts'
import { createDatasets } from './datasets/service.ts'
import { createEngine } from './engine.ts'
import { createEvaluations } from './evaluations/evaluations.ts'
import { createExports } from './export/exports.ts'
import { createModels, starterId } from './models/models.ts'
import { createNotices } from './notices.ts'
import { createFiles } from './projects/folder-listing.ts'
import { createPreferences } from './projects/preferences.ts'
import { createProjects } from './projects/service.ts'
import { openMirroredStore } from './recovery/open-mirrored-store.ts'
import type { HostedApp } from './rpc/hosted-app.ts'
import { readOnlyHandlers } from './read-only-app.ts'
import { createRuns } from './runs/runs.ts'
import { createSampleProject } from './sample-project.ts'
import { createSearches } from './searches/searches.ts'
import { createChanges } from './store/changes.ts'
import { homeFolders } from './store/files.ts'
import { projectForm } from './store/project-form.ts'
import { readTrainedRun } from './store/trained-run.ts'
import { resolveUpload } from './store/uploads.ts'
import { createAnswering } from './trainers/answering.ts'
import { answerSettings, outcomeOf } from './trainers/ask-sides.ts'
import { errorValueOf } from './trainers/error-value.ts'
import { createProviders, providersFile } from './trainers/providers.ts'
import type { TrainerProcess } from './trainers/trainer-process.ts'

export { answerSettingNames, nearestName } from '../trainer/protocol.ts'
export { createEngine } from './engine.ts'
export { defaultHome } from './home-folder.ts'
export { writeSupportFile } from './support/support-file.ts'
export { createAnswering } from './trainers/answering.ts'
export type { Answering, AnsweringLoad, AnsweringOptions } from './trainers/answering.ts'
export { errorValueOf } from './trainers/error-value.ts'
export type { Client } from './trainers/fair-queue.ts'
export { createProviders, providersFile } from './trainers/providers.ts'
export { forkTrainer } from './trainers/trainer-process.ts'
export type { TrainerExit, TrainerProcess } from './trainers/trainer-process.ts'

/** A handler's context for calls where nothing is watched and nothing cancelled. */
export const plainCall = { emit: () => undefined, signal: new AbortController().signal }

export interface AppOptions {
  /** The folder that holds store and files. */
  readonly home: string
  /** The folder that holds `assets/`. */
  readonly root: string
  readonly version: string
  readonly host: AppInfo['host']
  readonly startTrainer: () => TrainerProcess
  /** False where runs that wait go on waiting until a run is started or resumed; true without it. */
  readonly startsWaitingRuns?: boolean
}

/** The app as a host sees it: every method of the contract, and what the command line needs beside them. */
export interface App extends HostedApp {
  readonly handlers: Handlers
  readonly checks: typeof argumentChecks
  /** Why nothing can be changed (a newer version made the store); null where it can. */
  readonly readOnly: AppError | null
  /** Where a host puts what is uploaded to it. */
  readonly uploadsDir: string
  readonly engine: Engine
  /** What a start that had to make the store anew tells of it, as its notice does; null after any other start. */
  readonly rebuilt: string | null
  /** Resolves when what was committed is in the files beside the store, too. */
  mirrored(): Promise<void>
  /** The model folder of a project and the adapter of its newest finished run. @throws AppError `model_missing` */
  answeringPaths(projectId: string): Promise<{ readonly model: string; readonly adapter: string | null }>
  /**
   * What a project answers with: its model, and a run of it where one is named.
   *
   * @throws AppError `model_missing`, `run_missing`, `run_state`.
   */
  askedProject(projectId: string, runId: string | null): Promise<AskedProject>
  /** Writes the questions that a project holds out into a folder, as one file; null where there are none. */
  writeHeldOut(projectId: string, folder: string): Promise<string | null>
}

/** A project as a host asks it that has no chats. */
export interface AskedProject {
  readonly base: { readonly model: string; readonly adapter: null }
  /** Null where no run was named. */
  readonly tuned: { readonly model: string; readonly adapter: string | null } | null
  /** Those under which the run has answered. */
  readonly settings: AnswerSettings
  readonly form: 'qa' | 'task'
  /** The passages that fit a question best, the best first. */
  search(question: string, limit: number): Promise<readonly FoundPassage[]>
}

/**
 * Opens the store of a home folder, sets right what the last process left, and builds the services. Over a store that
 * a newer version made the app only shows: it sets nothing right, and what would write is refused with `store_newer`.
 *
 * @throws AppError `store_in_use`, `store_damaged`, `store_not_updated`, `disk_full`, `write_failed`.
 */
export async function createApp(options: AppOptions): Promise<App> {
  const { home, root, version, host, startTrainer, startsWaitingRuns = true } = options
  const { store, rebuilt, startMirror, mirrored, close } = await openMirroredStore(resolve(home))
  // Beside a store that a newer version made nothing is written at all.
  const { readOnly } = store
  const log = readOnly ? noLog : createAppLog(store.home)
  log.note('opened', { version, host, node: process.version, system: `${process.platform}-${process.arch}` })
  if (rebuilt) log.note('rebuilt', { ...rebuilt })
  const changes = createChanges()
  const notices = createNotices({ store, changes })
  const answering = createAnswering({ startTrainer })
  const providers = createProviders({ startTrainer, file: providersFile(store.home) })
  const runOf = (runId: string) => readTrainedRun(store, runId)

  const datasets = createDatasets({
    store,
    changes,
    version,
    answering,
    resolveUpload: (id) => resolveUpload(store.home, id),
    modelFolderOf: async (projectId) => (await modelOf(projectId))?.folder ?? null,
    windowOf: async (projectId) => (await modelOf(projectId))?.maxLength ?? null,
    modelOf: (modelId) => models.modelOf(modelId),
    runOf,
  })
  const models = createModels({
    store,
    changes,
    providers,
    starters: readOnly ? [] : startersIn(root),
    catalogueFile: join(root, 'assets', 'model-catalog.json'),
    isModelInUse: async (modelId) => (await runs.usesModel(modelId)) || searches.usesModel(modelId),
  })
  const runs = createRuns({
    store,
    changes,
    startTrainer,
    providers,
    writeSplits: datasets.writeSplits,
    writePassages: datasets.writePassages,
    dataDigest: datasets.digest,
    modelOf: models.modelOf,
  })
  const searches = createSearches({
    store,
    changes,
    writeData: runs.writeData,
    requireReady: runs.requireReady,
    startRun: (request) => runs['runs.start'](request, plainCall),
    trialRuns: {
      start: runs.startTrial,
      get: (runId) => runs['runs.get']({ runId }, plainCall),
      resume: (runId) => runs['runs.resume']({ runId }, plainCall),
      pause: (runId) => runs['runs.pause']({ runId }, plainCall),
      discard: (runId) => runs['runs.discard']({ runId }, plainCall),
      // A search needs the validations, which are never thinned, and of the steps the newest.
      watch: (runId, emit, signal) => runs['runs.watch']({ runId, maxPoints: 2 }, { emit, signal }),
    },
  })
  const projects = createProjects({
    store,
    changes,
    stopWork: async (projectId) => {
      // First, so that it does not go on with its next trial.
      await searches.stopProject(projectId)
      const stops = [datasets.stopProject, chat.stopProject, exports.stopProject, runs.stopRuns]
      await Promise.all(stops.map((stop) => stop(projectId)))
    },
    hasActiveRun: async (projectId) =>
      (await runs.hasActiveRun(projectId)) || searches.hasActiveSearch(projectId),
  })
  const modelOf = async (projectId: string) => {
    const { modelId } = await projects['projects.get']({ projectId }, plainCall)
    return modelId === null ? null : models.modelOf(modelId)
  }
  const evaluations = createEvaluations({ store, answering, runOf, modelOf })
  const chat = createChat({
    store,
    changes,
    answering,
    searchPassages: datasets.searchPassages,
    runOf,
    modelOf,
  })
  const exports = createExports({
    store,
    changes,
    home: store.home,
    startTrainer,
    runOf,
    summaryOf: evaluations.summaryOf,
    projectName: async (projectId) =>
      (await store.get<{ name: string }>('SELECT name FROM project WHERE id = ?', projectId))?.name ?? null,
  })
  const sample = createSampleProject({
    root,
    projects,
    datasets,
    starterId: async () => ((await models.modelOf(starterId))?.usable ? starterId : null),
  })

  const setRight = async (): Promise<void> => {
    // The starter is in the list from the start; an installation without it still opens.
    await models.modelOf(starterId).catch(() => null)
    // What cannot be swept on a full disk is out of sight, and is swept at a later start.
    await datasets.recover().catch(unlessFull)
    await projects.sweepOrphans().catch(unlessFull)
    await searches.recover()
    await runs.recover({ startsWaitingRuns })
  }
  try {
    if (!readOnly) await setRight()
  } catch (thrown) {
    // A folder whose store cannot be written is left to whoever tries next.
    await close().catch(() => undefined)
    throw thrown
  }
  await startMirror()

  let isEnding = false
  const handlers: Handlers = {
    ...notices.handlers,
    ...createPreferences({ store }),
    ...createFiles(),
    ...projects,
    ...datasets,
    ...models,
    ...runs,
    ...searches,
    ...evaluations,
    ...chat,
    ...exports,
    ...sample,
    'app.info': async () => ({
      version,
      host,
      home: store.home,
      platform: process.platform,
      readOnly: readOnly && errorValueOf(readOnly),
      notices: await notices.list(),
    }),
    'app.watch': (_, { emit, signal }) =>
      new Promise((_resolve, reject) => {
        const end = changes.subscribe(emit)
        signal.addEventListener('abort', () => {
          end()
          reject(new AppError('cancelled', 'Stopped.'))
        })
      }),
  }

  return {
    handlers: onlyHandlers(readOnly ? readOnlyHandlers(handlers, readOnly) : handlers),
    checks: argumentChecks,
    readOnly,
    uploadsDir: homeFolders(store.home).uploads,
    engine: createEngine({ startTrainer, providers }),
    rebuilt: rebuilt?.sentence ?? null,
    mirrored,
    toErrorValue: (thrown) => {
      const said = errorValueOf(thrown)
      // A call that still comes finds the store closed, which is no fault.
      const error = isEnding && said.code === 'internal' ? errorValueOf(ending) : said
      log.error(error)
      return error
    },
    findDownload: (exportId) => exports.fileOf(exportId).catch(() => undefined),
    activeRun: () => runs.activeRun() ?? undefined,
    answeringPaths: async (projectId) => {
      const { currentRunId } = await projects['projects.get']({ projectId }, plainCall)
      const run = currentRunId === null ? null : await runOf(currentRunId)
      if (run?.outcome) {
        const trained = run.settings['method'] === 'full'
        return trained
          ? { model: run.outcome, adapter: null }
          : { model: run.modelFolder, adapter: run.outcome }
      }
      const model = await modelOf(projectId)
      if (model) return { model: model.folder, adapter: null }
      throw noModel(projectId)
    },
    askedProject: async (projectId, runId) => {
      const search = (question: string, limit: number) => datasets.searchPassages(projectId, question, limit)
      const form = await projectForm(store, projectId)
      if (runId === null) {
        const model = await modelOf(projectId)
        if (!model) throw noModel(projectId)
        return { base: { model: model.folder, adapter: null }, tuned: null, settings: {}, form, search }
      }
      const run = await runOf(runId)
      if (run?.projectId !== projectId)
        throw new AppError('run_missing', 'This run is not there in this project. Choose another one.', {
          runId,
        })
      const { modelFolder, settings } = run
      const outcome = outcomeOf(run)
      const isModel = settings['method'] === 'full'
      return {
        base: { model: modelFolder, adapter: null },
        tuned: isModel ? { model: outcome, adapter: null } : { model: modelFolder, adapter: outcome },
        settings: answerSettings(settings),
        form,
        search,
      }
    },
    writeHeldOut: async (projectId, folder) => {
      const { tests } = await datasets.writeSplits(projectId, folder)
      if (tests.length === 0) return null
      const all = join(folder, 'held-out.jsonl')
      for (const { path } of tests) await appendFile(all, await readFile(path))
      return all
    },
    dispose: async () => {
      isEnding = true
      // Each is tried, whatever the others did: no process may outlive the app.
      const { quit, dispose: endSearches } = searches
      const trainers = [quit, runs.dispose, endSearches]
      for (const end of [...trainers, models.dispose, datasets.dispose, answering.dispose, close])
        await end().catch(() => undefined)
      log.note('closed')
      await log.close()
    },
  }
}

const ending = new AppError('connection_lost', 'Loracle is closing. Open it again, and try once more.')

function noModel(projectId: string): AppError {
  return new AppError('model_missing', 'The project has no model yet. Choose one on its Model page.', {
    projectId,
  })
}

/** The models that come with the app. */
const startersIn = (root: string) => [
  { id: starterId, name: 'Loracle starter', folder: join(root, 'assets', 'starter') },
  {
    id: 'starter-gpt-neo',
    name: 'Loracle starter (GPT-Neo)',
    folder: join(root, 'assets', 'starter-gpt-neo'),
  },
]

function unlessFull(thrown: unknown): void {
  if (errorValueOf(thrown).code !== 'disk_full') throw thrown
}

/** The methods of the contract alone: what services offer one another is not to be called from outside. */
function onlyHandlers(all: Handlers): Handlers {
  const methods = Object.keys(argumentChecks) as MethodName[]
  return Object.fromEntries(methods.map((name) => [name, all[name]])) as unknown as Handlers
}

import { randomUUID } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Settings, TrainingDataset } from '../../trainer/protocol.ts'
import { AppError } from '../contract/errors.ts'
import type { Args, Handlers } from '../contract/methods.ts'
import type { ModelInfo } from '../contract/models.ts'
import type { Readiness, ReadinessRequest, RunDetail } from '../contract/runs.ts'
import type { SearchDetail, SearchRequest, SearchStatus } from '../contract/searches.ts'
import type { Changes } from '../store/changes.ts'
import { homeFolders, makeFolder, removeFolder } from '../store/files.ts'
import type { Store } from '../store/open.ts'
import { errorOf, errorValueOf } from '../trainers/error-value.ts'
import { createConductor } from './conductor.ts'
import type { TrialRuns } from './conductor.ts'
import { planTrials, trialSettings } from './plan-trials.ts'
import { recoverSearches } from './recover-searches.ts'
import { searchForm } from './suggestion.ts'
import {
  changeSearch,
  changeTrial,
  readSearch,
  readTrials,
  resumableSearches,
  toSearchDetail,
  toSearchInfo,
  valuesOf,
} from './search-rows.ts'
import type { KeptPlan, SearchRow, TrialRow } from './search-rows.ts'

export interface SearchesDeps {
  readonly store: Store
  readonly changes: Changes
  /** The runs that are trials. */
  readonly trialRuns: TrialRuns
  /** @throws AppError `run_not_ready` with the first thing that is missing. */
  readonly requireReady: (request: ReadinessRequest) => Promise<{
    readonly model: ModelInfo
    readonly settings: Settings
    readonly examples: Readiness['examples']
  }>
  /** Starts a run like any other. */
  readonly startRun: (request: Args<'runs.start'>) => Promise<RunDetail>
  /** Writes what a run of a project reads into a folder that is there. */
  readonly writeData: (
    projectId: string,
    folder: string,
    purpose: { readonly model: ModelInfo; readonly settings: Settings },
  ) => Promise<{
    readonly datasets: readonly TrainingDataset[]
    readonly validation: string | null
    readonly counts: RunDetail['splits']
  }>
  readonly now?: () => number
}

export type SearchMethod =
  | 'search.form'
  | 'search.plan'
  | 'search.start'
  | 'search.list'
  | 'search.get'
  | 'search.stop'
  | 'search.resume'
  | 'search.choose'
  | 'search.discard'

/** Searches for good settings: trials that train one after the other, judged by the validation examples alone. */
export interface Searches extends Handlers<SearchMethod> {
  /** True where a search of the project is at work. */
  hasActiveSearch(projectId: string): Promise<boolean>
  /** True where a search that has not ended uses the model. */
  usesModel(modelId: string): Promise<boolean>
  /** Lets go of a project's searches at once; for a project that is to be deleted. */
  stopProject(projectId: string): Promise<void>
  /** Sets right what the last process left. Called once, before anything else. */
  recover(): Promise<void>
  /** Starts no trial any more; to be called before runs are ended, and `dispose` after that. */
  quit(): Promise<void>
  dispose(): Promise<void>
}

const activeStatuses: readonly SearchStatus[] = ['running', 'stopping']

export function createSearches(deps: SearchesDeps): Searches {
  const { store, changes, trialRuns, requireReady, startRun, writeData, now = Date.now } = deps

  /** A search that has nothing more to train needs neither its files nor what a crash left of its runs. */
  const tidy = async ({ id, folder }: Pick<SearchRow, 'id' | 'folder'>): Promise<void> => {
    const left = await store.all<{ id: string }>('SELECT id FROM run WHERE search_id = ?', id)
    for (const run of left) await trialRuns.discard(run.id)
    await removeFolder(folder)
  }
  const conductor = createConductor({ store, changes, runs: trialRuns, tidy, now })

  const detail = async (searchId: string): Promise<SearchDetail> => {
    const row = await readSearch(store, searchId)
    return toSearchDetail(row, await readTrials(store, searchId), conductor.live(searchId))
  }

  const start = async (request: SearchRequest): Promise<SearchDetail> => {
    const { projectId, modelId } = request
    const { trials, objective } = planTrials(request)
    const ready = await requireReady({ projectId, modelId, settings: request.settings })
    if (ready.examples.validation === 0 && request.space.some(({ name }) => name === 'seed'))
      throw seedDraws()
    const busy = await store.get<SearchRow>(
      `SELECT * FROM search WHERE project_id = ? AND status IN ('running', 'stopping')`,
      projectId,
    )
    if (busy)
      throw new AppError(
        'search_state',
        `${busy.name} is at work in this project. Stop it first, or wait until it has ended.`,
        { searchId: busy.id },
      )
    const id = randomUUID()
    const folder = join(homeFolders(store.home).project(projectId), 'searches', id)
    try {
      const data = join(folder, 'data')
      await makeFolder(join(folder, '..'))
      await mkdir(data, { recursive: true })
      const { datasets, validation, counts } = await writeData(projectId, data, ready)
      const { space, strategy, seed, pruning, trialEpochs } = request
      const plan: KeptPlan = { space, strategy, seed, pruning, trialEpochs, datasets, validation }
      await store.transaction(async (writer) => {
        const names = await writer.all<{ name: string }>(
          'SELECT name FROM search WHERE project_id = ?',
          projectId,
        )
        const { changes: added } = await writer.run(
          `INSERT INTO search (id, project_id, name, status, model_id, model_name, folder, settings, plan, splits,
              objective, created_at)
            SELECT ?, id, ?, 'running', ?, ?, ?, ?, ?, ?, ?, ? FROM project WHERE id = ?`,
          ...[id, nextName(names), ready.model.id, ready.model.name, folder, JSON.stringify(ready.settings)],
          ...[JSON.stringify(plan), JSON.stringify(counts), objective, now(), projectId],
        )
        if (added === 0) throw projectMissing(projectId)
        for (const [index, values] of trials.entries())
          await writer.run(
            'INSERT INTO trial (search_id, number, trial_values) VALUES (?, ?, ?)',
            ...[id, index + 1, JSON.stringify(values)],
          )
      })
    } catch (thrown) {
      await removeFolder(folder)
      // What the system says (no room left, no permission) is for a person to read.
      throw errorOf(errorValueOf(thrown))
    }
    conductor.begin({ id, project_id: projectId })
    changes.publish('searches', projectId)
    return detail(id)
  }

  return {
    'search.form': ({ settings }) => Promise.resolve(searchForm(settings)),
    'search.plan': (request) => Promise.resolve(planTrials(request)),
    'search.start': start,
    'search.list': async ({ projectId }) => {
      if (projectId !== null && !(await store.get('SELECT 1 FROM project WHERE id = ?', projectId)))
        throw projectMissing(projectId)
      const rows = await store.all<SearchRow>(
        'SELECT * FROM search WHERE project_id = COALESCE(?, project_id) ORDER BY created_at DESC, rowid DESC',
        projectId,
      )
      return Promise.all(rows.map(async (row) => toSearchInfo(row, await readTrials(store, row.id))))
    },
    'search.get': ({ searchId }) => detail(searchId),
    'search.stop': async ({ searchId }) => {
      const { name, project_id: projectId, status } = await readSearch(store, searchId)
      if (!(await changeSearch(store, searchId, { status: 'stopping' }, activeStatuses)))
        throw new AppError('search_state', `${name} is not at work: there is nothing to stop.`, { status })
      changes.publish('searches', projectId)
      await conductor.stop(searchId)
      // Where its end could not be stored, on a full disk.
      await changeSearch(store, searchId, { status: 'stopped', ended_at: now() }, ['stopping'])
      return detail(searchId)
    },
    'search.resume': async ({ searchId }) => {
      const row = await readSearch(store, searchId)
      const waits = (await readTrials(store, searchId)).some(({ status }) => status === 'waiting')
      const begun = { status: 'running', ended_at: null, error: null } as const
      if (!waits || !(await changeSearch(store, searchId, begun, resumableSearches)))
        throw new AppError(
          'search_state',
          row.status === 'running' || row.status === 'stopping'
            ? `${row.name} is at work already.`
            : `${row.name} has no trial left to train. Start a new search.`,
          { status: row.status },
        )
      conductor.begin(row)
      changes.publish('searches', row.project_id)
      return detail(searchId)
    },
    'search.choose': async ({ searchId, number }) => {
      const row = await readSearch(store, searchId)
      const trial = (await readTrials(store, searchId)).find((one) => one.number === number)
      const known = requireMeasured(row, trial, number)
      const settings = trialSettings(
        { settings: JSON.parse(row.settings) as Settings, trialEpochs: null },
        valuesOf(known),
      )
      const { project_id: projectId, model_id: modelId } = row
      if (modelId === null)
        throw new AppError(
          'run_not_ready',
          `The model ${row.model_name} is no longer in the list. Add it again, and start a run with these settings.`,
          { step: 'model' },
        )
      const run = await startRun({ projectId, modelId, name: null, settings })
      await changeTrial(store, known, { chosen_run_id: run.id })
      changes.publish('searches', projectId)
      return run
    },
    'search.discard': async ({ searchId }) => {
      const row = await readSearch(store, searchId)
      const gone = conductor.abandon(({ id }) => id === searchId)
      await gone
      await tidy(row)
      await store.run('DELETE FROM search WHERE id = ?', searchId)
      changes.publish('searches', row.project_id)
      return null
    },

    hasActiveSearch: async (projectId) =>
      (await store.get(
        `SELECT 1 FROM search WHERE project_id = ? AND status IN ('running', 'stopping')`,
        projectId,
      )) !== null,
    usesModel: async (modelId) =>
      (await store.get(
        `SELECT 1 FROM search WHERE model_id = ? AND status IN ('running', 'stopping')`,
        modelId,
      )) !== null,
    stopProject: (projectId) => conductor.abandon((search) => search.projectId === projectId),
    recover: async () => {
      if ((await recoverSearches(store, now())) === 0) return
      changes.publish('searches', null)
      changes.publish('notices', null)
    },
    quit: () => {
      conductor.quit()
      return Promise.resolve()
    },
    dispose: conductor.dispose,
  }
}

function requireMeasured(search: SearchRow, trial: TrialRow | undefined, number: number): TrialRow {
  if (trial && trial.status !== 'failed' && trial.validations !== '[]') return trial
  const why = trial
    ? trial.status === 'failed'
      ? 'has failed'
      : 'has not been validated yet'
    : 'does not exist'
  throw new AppError(
    'search_state',
    `Trial ${number} of ${search.name} ${why}: choose one that has a validation value.`,
    { number },
  )
}

function seedDraws(): AppError {
  return new AppError(
    'search_invalid',
    'Random seed (seed): it cannot be searched here, since it draws the validation examples and all trials need the same. Change the splits to hold some out, or leave it out.',
    { name: 'seed' },
  )
}

/** "Search 3": one more than the searches that are there. */
function nextName(rows: readonly { readonly name: string }[]): string {
  const numbers = rows.map(({ name }) => Number(/^Search (\d{1,6})$/.exec(name)?.[1] ?? 0))
  return `Search ${Math.max(0, ...numbers) + 1}`
}

function projectMissing(projectId: string): AppError {
  return new AppError('project_missing', 'This project is no longer there. Choose another one.', {
    projectId,
  })
}

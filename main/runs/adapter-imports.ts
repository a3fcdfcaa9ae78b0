import { randomUUID } from 'node:crypto'
import { copyFile, mkdir, readdir } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import type { InspectAdapterResult } from '../../trainer/protocol.ts'
import { AppError } from '../contract/errors.ts'
import type { Handlers } from '../contract/methods.ts'
import type { ModelInfo } from '../contract/models.ts'
import type { AdapterInfo } from '../contract/runs.ts'
import type { Changes } from '../store/changes.ts'
import { homeFolders, removeFolder } from '../store/files.ts'
import type { Store } from '../store/open.ts'
import { errorOf, errorValueOf } from '../trainers/error-value.ts'
import { startJob } from '../trainers/trainer-job.ts'
import type { TrainerProcess } from '../trainers/trainer-process.ts'
import { changedSettings } from './changed-settings.ts'
import { forgetFolder, noteFolder } from './passing-folders.ts'
import { requireProject } from './project-data.ts'
import { fillRunFolder } from './run-folder.ts'
import { readRun, toRunDetail } from './run-row.ts'
import type { RunFacts } from './run-row.ts'

export type AdapterMethod = 'adapters.inspect' | 'adapters.import'

export interface AdapterImportsOptions {
  readonly store: Store
  readonly changes: Changes
  readonly startTrainer: () => TrainerProcess
  /** A model of the list; null where it is not in it. */
  readonly modelOf: (modelId: string) => Promise<ModelInfo | null>
  readonly now: () => number
}

const adapterFiles = ['adapter_config.json', 'adapter_model.safetensors']
/** What our own runs keep beside PEFT's files for a model that marks answers: when it says that there is none. */
const ruleFile = 'loracle.json'

/**
 * Adapters that were trained elsewhere: read by a trainer process, copied into the project, and from then on a run that
 * is finished, so that whatever can be done with a run's adapter can be done with them.
 */
export function createAdapterImports(options: AdapterImportsOptions): Handlers<AdapterMethod> {
  const { store, changes, startTrainer, modelOf, now } = options

  const requireModel = async (modelId: string): Promise<ModelInfo> => {
    const model = await modelOf(modelId)
    if (model?.usable) return model
    throw new AppError(
      'model_missing',
      model?.reason ?? 'The model is no longer in the list. Choose another one on the Model page.',
      { modelId },
    )
  }

  const inspect = async (
    model: ModelInfo,
    folder: string,
    signal: AbortSignal,
  ): Promise<InspectAdapterResult> => {
    const command = { kind: 'inspect-adapter', model: model.folder, adapter: folder } as const
    const job = startJob<InspectAdapterResult>(startTrainer(), command, {
      onReport: () => undefined,
      stopGraceMs: 1000,
      killGraceMs: 1000,
    })
    const stop = (): void => {
      job.stop()
    }
    signal.addEventListener('abort', stop)
    try {
      const outcome = await job.outcome
      if (outcome.type !== 'error') return outcome
      const { code, message, details } = outcome.error
      throw new AppError(code, message, details)
    } finally {
      signal.removeEventListener('abort', stop)
    }
  }

  return {
    'adapters.inspect': async ({ modelId, folder }, { signal }) =>
      infoOf(await inspect(await requireModel(modelId), resolve(folder), signal)),

    'adapters.import': async ({ projectId, modelId, folder: given, name }, { signal }) => {
      await requireProject(store, projectId)
      const model = await requireModel(modelId)
      const from = resolve(given)
      const found = await inspect(model, from, signal)
      const { settings, notes } = found
      const shown = name?.trim() || basename(from).slice(0, 200)
      const folder = await fillRunFolder(homeFolders(store.home).runs(projectId), shown, async (runDir) => {
        await noteFolder(store, runDir)
        await mkdir(join(runDir, 'adapter'))
        const rules = (await readdir(from)).filter((file) => file === ruleFile)
        for (const file of [...adapterFiles, ...rules])
          await copyFile(join(from, file), join(runDir, 'adapter', file))
        return { model: model.folder, datasets: [], validation: null, tests: [], settings }
      }).catch((thrown: unknown) => {
        // What the system says (no room left, no permission) is for a person to read.
        throw errorOf(errorValueOf(thrown))
      })
      const id = randomUUID()
      const facts: RunFacts = {
        importedFrom: from,
        trainableParameters: found.parameters,
        totalParameters: found.modelParameters,
      }
      const [at, json] = [now(), JSON.stringify]
      const { changes: added } = await store.transaction(async (writer) => {
        await forgetFolder(writer, folder)
        return writer.run(
          `INSERT INTO run (id, project_id, name, status, model_id, model_name, model_folder, folder, settings, changed,
            splits, created_at, queued_at, started_at, ended_at, stopped, outcome, facts)
          SELECT ?, id, ?, 'finished', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'finished', ?, ? FROM project WHERE id = ?`,
          ...[id, shown, model.id, model.name, model.folder, folder, json(settings)],
          ...[json(changedSettings(settings)), json({ train: 0, validation: 0, test: 0 }), at, at, at, at],
          ...[join(folder, 'adapter'), json(facts), projectId],
        )
      })
      // Deleted while the adapter was copied.
      if (added === 0) {
        await removeFolder(folder)
        await requireProject(store, projectId)
      }
      for (const text of notes)
        await store.run(
          `INSERT INTO run_log (run_id, at, level, text) VALUES (?, ?, 'warning', ?)`,
          ...[id, at, text],
        )
      changes.publish('runs', projectId)
      return { run: toRunDetail(await readRun(store, id)), adapter: infoOf(found) }
    },
  }
}

function infoOf(found: InspectAdapterResult): AdapterInfo {
  const { baseModel, layers, modules, ranks, dora, savedModules, parameters, modelParameters, notes } = found
  return { baseModel, layers, modules, ranks, dora, savedModules, parameters, modelParameters, notes }
}

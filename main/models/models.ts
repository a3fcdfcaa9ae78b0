import { randomUUID } from 'node:crypto'
import { realpath, stat } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { architectureKind } from '../../trainer/protocol.ts'
import { AppError } from '../contract/errors.ts'
import type { Handlers } from '../contract/methods.ts'
import type { CatalogueEntry, ModelInfo } from '../contract/models.ts'
import type { Changes } from '../store/changes.ts'
import { homeFolders, removeFolder } from '../store/files.ts'
import type { Store } from '../store/open.ts'
import type { Providers } from '../trainers/providers.ts'
import { trainingMemoryMb } from '../trainers/training-memory.ts'
import { readCatalogue } from './catalogue.ts'
import type { CatalogueModel } from './catalogue.ts'
import { createDownloads } from './downloads.ts'
import { createMachine } from './machine.ts'
import { inspectModelFolder } from './model-folder.ts'

export interface ModelsOptions {
  readonly store: Store
  readonly changes: Changes
  readonly providers: Providers
  /** The models that come with the app. */
  readonly starters: readonly BundledModel[]
  /** `assets/model-catalog.json`. */
  readonly catalogueFile: string
  /** True where a run that has not ended uses the model. */
  readonly isModelInUse: (modelId: string) => Promise<boolean>
  readonly hubUrl?: string
  readonly fetch?: typeof fetch
  readonly now?: () => number
  /** Bytes that can be written below a folder. */
  readonly freeBytes?: (folder: string) => Promise<number>
  /** Milliseconds before a failed transfer is tried again; doubled each time. */
  readonly retryMs?: number
}

export type ModelMethod =
  | 'models.list'
  | 'models.addFolder'
  | 'models.remove'
  | 'models.catalogue'
  | 'models.download'
  | 'models.pauseDownload'
  | 'models.discardDownload'
  | 'models.watchDownloads'
  | 'machine.info'
  | 'machine.check'

/** The models that can be trained, those that can be downloaded, and the machine. */
export interface Models extends Handlers<ModelMethod> {
  /** A model of the list; null where it is not in it. */
  modelOf(modelId: string): Promise<ModelInfo | null>
  /** Pauses downloads. */
  dispose(): Promise<void>
}

interface ModelRow {
  readonly id: string
  readonly name: string
  readonly folder: string
  readonly origin: ModelInfo['origin']
  readonly architecture: string
  readonly parameters: number
  readonly bytes: number
  readonly licence: string | null
  readonly max_length: number | null
  readonly training_memory_mb: number
  readonly reason: string | null
  readonly catalogue_id: string | null
}

/** A model that comes with the app. */
export interface BundledModel {
  readonly id: string
  readonly name: string
  readonly folder: string
}

/** The id of the model that the sample project is made for. */
export const starterId = 'starter'

export function createModels(options: ModelsOptions): Models {
  const { store, changes, providers, starters, catalogueFile, isModelInUse } = options
  const { hubUrl = 'https://huggingface.co', now = Date.now } = options
  const modelsFolder = homeFolders(store.home).models
  const changed = (): void => changes.publish('models', null)

  const add = async (
    folder: string,
    from: Pick<ModelInfo, 'id' | 'name' | 'origin'> & { readonly catalogueId: string | null },
  ): Promise<void> => {
    const found = await inspectModelFolder(folder)
    const { architecture, parameters, bytes, licence, maxLength, reason } = found
    await store.run(
      `INSERT INTO model (id, name, folder, origin, architecture, parameters, bytes, licence, max_length,
          training_memory_mb, reason, catalogue_id, added_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (id) DO UPDATE SET folder = excluded.folder, architecture = excluded.architecture,
          parameters = excluded.parameters, bytes = excluded.bytes, licence = excluded.licence,
          max_length = excluded.max_length, training_memory_mb = excluded.training_memory_mb,
          reason = excluded.reason`,
      ...[from.id, from.name, folder, from.origin, architecture, parameters, bytes, licence, maxLength],
      ...[defaultMemoryMb(parameters, maxLength), reason, from.catalogueId, now()],
    )
    changed()
  }

  /** The starters belong to every list; where the app lies may change from version to version. */
  let added: Promise<void> | null = null
  const withStarters = (): Promise<void> =>
    (added ??= (async () => {
      for (const { id, name, folder } of starters) {
        const adding = add(resolve(folder), { id, name, origin: 'starter', catalogueId: null })
        // A second starter that is not there is no reason to lack the first.
        await (id === starterId ? adding : adding.catch(() => undefined))
      }
    })().catch((thrown: unknown) => {
      added = null
      throw thrown
    }))

  const rowsOf = async (): Promise<readonly ModelRow[]> => {
    await withStarters()
    return store.all<ModelRow>(
      `SELECT * FROM model ORDER BY origin <> 'starter', id <> '${starterId}', name COLLATE NOCASE`,
    )
  }
  const modelOf = async (modelId: string): Promise<ModelInfo | null> => {
    if (starters.some(({ id }) => id === modelId)) await withStarters()
    const row = await store.get<ModelRow>('SELECT * FROM model WHERE id = ?', modelId)
    return row ? toModelInfo(row) : null
  }
  const requireModel = async (modelId: string): Promise<ModelInfo> => {
    const model = await modelOf(modelId)
    if (model) return model
    throw new AppError('model_missing', 'This model is no longer in the list. Choose another one.', {
      modelId,
    })
  }

  let catalogue: Promise<readonly CatalogueModel[]> | null = null
  const entries = (): Promise<readonly CatalogueModel[]> => (catalogue ??= readCatalogue(catalogueFile))
  const entryOf = async (catalogueId: string): Promise<CatalogueModel> => {
    const entry = (await entries()).find(({ id }) => id === catalogueId)
    if (entry) return entry
    throw new AppError(
      'model_missing',
      `There is no model ${catalogueId} in the catalogue. Choose another.`,
      {
        catalogueId,
      },
    )
  }

  const downloads = createDownloads({
    store,
    models: modelsFolder,
    hubUrl: hubUrl.replace(/\/+$/, ''),
    fetch: options.fetch ?? fetch,
    freeBytes: options.freeBytes,
    retryMs: options.retryMs,
    onDone: ({ id, name }, folder) =>
      add(folder, { id: randomUUID(), name, origin: 'download', catalogueId: id }),
    onChange: changed,
  })
  const machine = createMachine({ store, providers })

  return {
    'models.list': async () => Promise.all((await rowsOf()).map(toModelInfo)),
    'models.addFolder': async ({ folder }) => {
      const path = resolve(folder)
      // The hub's cache holds a model under several paths, which are links to one.
      const real = await realpath(path).catch(() => path)
      for (const row of await rowsOf())
        if (row.folder === path || (await realpath(row.folder).catch(() => row.folder)) === real) {
          await add(row.folder, { ...row, catalogueId: row.catalogue_id })
          return requireModel(row.id)
        }
      const id = randomUUID()
      await add(path, { id, name: folderName(path), origin: 'folder', catalogueId: null })
      return requireModel(id)
    },
    'models.remove': async ({ modelId }) => {
      const model = await requireModel(modelId)
      if (model.origin === 'starter')
        throw new AppError(
          'model_in_use',
          `${model.name} comes with Loracle and stays in the list. Choose another model to work with.`,
        )
      if (await isModelInUse(modelId))
        throw new AppError(
          'model_in_use',
          `A run is at work with ${model.name}, or waits for its turn. Stop it first, then remove the model.`,
          { modelId },
        )
      const row = await store.get<ModelRow>('SELECT * FROM model WHERE id = ?', modelId)
      await store.run('DELETE FROM model WHERE id = ?', modelId)
      // Folders that a person added stay; what was downloaded into the home folder goes.
      if (model.origin === 'download' && dirname(model.folder) === modelsFolder)
        await removeFolder(model.folder)
      if (row?.catalogue_id) await downloads.discard({ id: row.catalogue_id })
      changed()
      return null
    },
    'models.catalogue': async () => {
      const rows = await rowsOf()
      const states = await downloads.states()
      return (await entries()).map((entry) => ({
        ...shownOf(entry),
        modelId: rows.find((row) => row.catalogue_id === entry.id)?.id ?? null,
        download: states.get(entry.id) ?? null,
      }))
    },
    'models.download': async ({ catalogueId }) => {
      const entry = await entryOf(catalogueId)
      const row = await store.get<ModelRow>('SELECT * FROM model WHERE catalogue_id = ?', catalogueId)
      const state = (await downloads.states()).get(catalogueId)
      if (row && state && (await isThere(row.folder))) return state
      return downloads.start(entry)
    },
    'models.pauseDownload': async ({ catalogueId }) => downloads.pause(await entryOf(catalogueId)),
    'models.discardDownload': async ({ catalogueId }) => {
      await downloads.discard(await entryOf(catalogueId))
      return null
    },
    'models.watchDownloads': (_none, { emit, signal }) => downloads.watch(emit, signal),
    'machine.info': () => machine.info(),
    'machine.check': async (_none, { signal }) => {
      const info = await machine.check(signal)
      changes.publish('machine', null)
      return info
    },
    modelOf,
    dispose: () => downloads.dispose(),
  }
}

/** An entry without what only the download needs. */
function shownOf(entry: CatalogueModel): Omit<CatalogueEntry, 'modelId' | 'download'> {
  const { id, name, publisher, repository, architecture, parameters, downloadBytes } = entry
  const { trainingMemoryMb: memory, licence, summary, supported, reason } = entry
  const kind = architectureKind(architecture)
  const facts = { id, name, publisher, repository, architecture, kind, parameters, downloadBytes }
  return { ...facts, trainingMemoryMb: memory, licence, summary, supported, reason }
}

async function toModelInfo(row: ModelRow): Promise<ModelInfo> {
  const gone = (await isThere(row.folder))
    ? null
    : `${row.folder} is gone: it was removed or moved. Put it back, or add the model again.`
  const reason = gone ?? row.reason
  return {
    id: row.id,
    name: row.name,
    folder: row.folder,
    origin: row.origin,
    architecture: row.architecture,
    kind: architectureKind(row.architecture),
    parameters: row.parameters,
    bytes: row.bytes,
    licence: row.licence,
    maxLength: row.max_length,
    trainingMemoryMb: row.training_memory_mb,
    usable: reason === null,
    reason,
  }
}

async function isThere(folder: string): Promise<boolean> {
  return (await stat(join(folder, 'config.json')).catch(() => null)) !== null
}

/** With the default settings, a full window and a full batch. */
function defaultMemoryMb(parameters: number, maxLength: number | null): number {
  return trainingMemoryMb({
    parameters,
    batchSize: 8,
    sourceLength: Math.min(maxLength ?? 512, 1024),
    targetLength: 32,
    method: 'lora',
  })
}

/** A snapshot of the hub's cache is named after its commit; the repository's name stands two folders up. */
function folderName(folder: string): string {
  const repository = /models--([^/\\]+)[/\\]snapshots[/\\][0-9a-f]+$/.exec(folder)?.[1]
  return (repository?.replace('--', '/') ?? basename(folder)) || folder
}

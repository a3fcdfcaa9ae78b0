import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import type { DownloadState } from '../../../main/contract/models.ts'
import { createModels } from '../../../main/models/models.ts'
import type { Models, ModelsOptions } from '../../../main/models/models.ts'
import { createChanges } from '../../../main/store/changes.ts'
import { openStore } from '../../../main/store/open.ts'
import type { Store } from '../../../main/store/open.ts'
import { createProviders, providersFile } from '../../../main/trainers/providers.ts'
import { forkTrainer } from '../../../main/trainers/trainer-process.ts'
import { writeTinyRun } from '../../support/tiny-run.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'
import { startLocalHub } from './local-hub.ts'
import type { LocalHub } from './local-hub.ts'

export const repositoryRoot = fileURLToPath(new URL('../../..', import.meta.url))
const worker = join(repositoryRoot, 'trainer/worker.ts')

/** A call that nobody listens to. */
export function quiet() {
  return { emit: () => undefined, signal: new AbortController().signal }
}

export interface ModelsApp {
  readonly home: string
  readonly store: Store
  readonly models: Models
  /** Ends the app as its host does. */
  readonly close: () => Promise<void>
  readonly download: () => Promise<DownloadState>
  /** Waits until the download is as wanted. */
  readonly until: (wanted: (state: DownloadState) => boolean) => Promise<DownloadState>
}

/** The models service over a real store, the real starter and catalogue. */
export async function openModelsApp(home?: string, options: Partial<ModelsOptions> = {}): Promise<ModelsApp> {
  const folder = home ?? (await temporaryFolder())
  const store = await openStore(folder)
  const models = createModels({
    store,
    changes: createChanges(),
    providers: createProviders({ startTrainer: () => forkTrainer(worker), file: providersFile(folder) }),
    starters: [{ id: 'starter', name: 'Loracle starter', folder: join(repositoryRoot, 'assets/starter') }],
    catalogueFile: join(repositoryRoot, 'assets/model-catalog.json'),
    isModelInUse: () => Promise.resolve(false),
    retryMs: 5,
    ...options,
  })
  let isClosed = false
  const close = async () => {
    if (isClosed) return
    isClosed = true
    await models.dispose()
    await store.close()
  }
  onTestFinished(close)
  const catalogueId = 'flan-t5-small'
  return {
    home: folder,
    store,
    models,
    close,
    download: () => models['models.download']({ catalogueId }, quiet()),
    until: async (wanted) => {
      for (;;) {
        const all = await models['models.catalogue']({}, quiet())
        const state = all.find(({ id }) => id === catalogueId)?.download
        if (state && wanted(state)) return state
        await new Promise((resolve) => setTimeout(resolve, 5))
      }
    },
  }
}

/** A hub that offers a tiny Flan-T5-small, with what no one should fetch beside it. */
export async function startTinyHub(): Promise<LocalHub> {
  const hub = await startLocalHub('google/flan-t5-small')
  const folder = await temporaryFolder()
  await writeTinyRun(folder)
  for (const name of ['config.json', 'tokenizer.json'])
    hub.files.set(name, { content: await readFile(join(folder, 'model', name)) })
  hub.files.set('README.md', { content: Buffer.from('---\nlicense: apache-2.0\n---\n# Tiny\n') })
  const weights = await readFile(join(folder, 'model/model.safetensors'))
  hub.files.set('model.safetensors', { content: weights, lfs: true })
  for (const name of [
    'pytorch_model.bin',
    '../evil.json',
    'sub/config.json',
    '/etc/config.json',
    'tf_model.h5',
  ])
    hub.files.set(name, { content: Buffer.from('no') })
  return hub
}

/** Writes a model folder of small text files. */
export async function writeFolder(folder: string, files: Readonly<Record<string, string>>): Promise<string> {
  await mkdir(folder, { recursive: true })
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text)
  return folder
}

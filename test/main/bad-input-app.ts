/** The whole app over a home folder, called as a window calls it: through the RPC, over a transport in memory. */
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { createApp, forkTrainer } from '../../main/app.ts'
import type { App } from '../../main/app.ts'
import type { Methods } from '../../main/contract/methods.ts'
import { createClient } from '../../main/rpc/client.ts'
import type { Client } from '../../main/rpc/client.ts'
import { memoryTransportPair } from '../support/memory-transport.ts'
import { serveRpc } from '../../main/rpc/server.ts'
import type { TrainerProcess } from '../../main/trainers/trainer-process.ts'
import { tinySettings, writeTinyRun } from '../support/tiny-run.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { repository } from './spawn-cli.ts'

export interface CalledApp {
  readonly home: string
  readonly app: App
  readonly call: Client<Methods>['call']
  /** Trainer processes that were started, in order. */
  readonly trainers: readonly TrainerProcess[]
  readonly close: () => Promise<void>
}

/** Opens the app; disposed when the test ends, with what it started. */
export async function openCalledApp(home?: string): Promise<CalledApp> {
  const folder = home ?? join(await temporaryFolder(), 'home')
  const trainers: TrainerProcess[] = []
  const app = await createApp({
    home: folder,
    root: repository,
    version: '1',
    host: 'web',
    startTrainer: () => {
      const trainer = forkTrainer(join(repository, 'trainer', 'worker.ts'))
      trainers.push(trainer)
      return trainer
    },
  })
  const [clientEnd, serverEnd] = memoryTransportPair()
  serveRpc(serverEnd, app, { version: '1' })
  const client = createClient<Methods>(() => clientEnd)
  const close = async (): Promise<void> => {
    client.close()
    await app.dispose()
  }
  onTestFinished(async () => {
    await close()
    for (const trainer of trainers) trainer.kill('SIGKILL')
  })
  return { home: folder, app, call: client.call, trainers, close }
}

/** A project with the tiny model and nineteen examples to train on. */
export async function addTinyProject({ call }: CalledApp, name = 'Tiny') {
  const folder = await temporaryFolder()
  await writeTinyRun(folder)
  const model = await call('models.addFolder', { folder: join(folder, 'model') })
  const { id: projectId } = await call('projects.create', { name })
  for (const [file, use] of [
    ['train.json', 'train'],
    ['validation.json', 'test'],
  ] as const)
    await call('data.import', {
      projectId,
      file: { path: join(folder, file) },
      name: null,
      mapping: null,
      use,
    })
  await call('projects.choose', { projectId, modelId: model.id })
  return { projectId, modelId: model.id, modelFolder: model.folder, folder }
}

/** Settings of a run of fifteen steps over the tiny model, and of one that goes on until it is stopped. */
export const short: Readonly<Record<string, unknown>> = { ...tinySettings }
export const endless: Readonly<Record<string, unknown>> = {
  ...tinySettings,
  epochs: 100_000,
  evaluateEvery: 1_000,
}

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
import { makeTinyProject } from '../support/tiny-project.ts'
import { tinySettings } from '../support/tiny-run.ts'
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
  return makeTinyProject(call, await temporaryFolder(), name)
}

/** Settings of a run of fifteen steps over the tiny model, and of one that goes on until it is stopped. */
export const short: Readonly<Record<string, unknown>> = { ...tinySettings }
export const endless: Readonly<Record<string, unknown>> = {
  ...tinySettings,
  epochs: 100_000,
  evaluateEvery: 1_000,
}

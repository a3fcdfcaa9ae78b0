import { join } from 'node:path'
import { createApp, forkTrainer } from '../../main/app.ts'
import type { App, TrainerProcess } from '../../main/app.ts'
import type { Methods } from '../../main/contract/methods.ts'
import { createClient } from '../../main/rpc/client.ts'
import type { Client } from '../../main/rpc/client.ts'
import { serveRpc } from '../../main/rpc/server.ts'
import { repository } from '../main/spawn-cli.ts'
import { memoryTransportPair } from '../support/memory-transport.ts'

/** The app in this process, asked as a window asks it, with real trainer processes. */
export interface SoakApp {
  readonly app: App
  readonly client: Client<Methods>
  /** The trainer process that was started last. */
  newest(): TrainerProcess
  close(): Promise<void>
}

export const startTrainer = (): TrainerProcess => forkTrainer(join(repository, 'out', 'main', 'worker.js'))

export async function openSoakApp(home: string): Promise<SoakApp> {
  let newest: TrainerProcess | undefined
  const app = await createApp({
    home,
    root: repository,
    version: '0.0.0',
    host: 'cli',
    startTrainer: () => (newest = startTrainer()),
  })
  const client = createClient<Methods>(() => {
    const [near, far] = memoryTransportPair()
    serveRpc(far, app, { version: '0.0.0' })
    return near
  })
  return {
    app,
    client,
    newest: () => {
      if (!newest) throw new Error('No trainer has been started yet.')
      return newest
    },
    close: async () => {
      client.close()
      await app.dispose()
    },
  }
}

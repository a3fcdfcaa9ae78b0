import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { createEngine } from '../../main/engine.ts'
import { createProviders } from '../../main/trainers/providers.ts'
import type { TrainerProcess } from '../../main/trainers/trainer-process.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

test('a job that is killed while its preparation waits ends at once', async () => {
  const folder = await temporaryFolder()
  const file = join(folder, 'providers.json')
  // The check of the machine, which provider=auto waits for, never comes to its end.
  const silent: TrainerProcess = {
    pid: undefined,
    send: () => undefined,
    onMessage: () => undefined,
    onExit: () => undefined,
    kill: () => undefined,
  }
  const startTrainer = () => silent
  const engine = createEngine({ startTrainer, providers: createProviders({ startTrainer, file }) })
  const settings = { file: null, values: { provider: 'auto' }, assignments: [] }
  const job = engine.evaluate({ model: folder, adapter: null, data: folder, settings }, () => undefined)
  const waited = await Promise.race([job.outcome, sleep(50, 'waits')])
  job.kill()
  expect([waited, await job.outcome]).toMatchObject([
    'waits',
    { type: 'error', error: { code: 'cancelled' } },
  ])
})

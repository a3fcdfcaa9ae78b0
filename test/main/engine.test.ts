import { execFileSync } from 'node:child_process'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createEngine } from '../../main/engine.ts'
import { createProviders } from '../../main/trainers/providers.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

test.skipIf(process.platform === 'win32')(
  'a job that is killed while its preparation waits for a file ends at once',
  async () => {
    const folder = await temporaryFolder()
    const file = join(folder, 'settings.json')
    execFileSync('mkfifo', [file])
    const startTrainer = () => {
      throw new Error('No trainer process is started for a job that never began.')
    }
    const providers = createProviders({ startTrainer, file: join(folder, 'providers.json') })
    const engine = createEngine({ startTrainer, providers })
    const request = {
      model: folder,
      adapter: null,
      data: file,
      settings: { file, values: {}, assignments: [] },
    }
    const job = engine.evaluate(request, () => undefined)
    job.kill()
    expect(await job.outcome).toMatchObject({ type: 'error', error: { code: 'cancelled' } })
    // Lets the reader of the pipe go, which would otherwise keep this process alive.
    await (await open(file, 'w')).close()
  },
)

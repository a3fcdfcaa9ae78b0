import { fileURLToPath } from 'node:url'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createProviders } from '../../../main/trainers/providers.ts'
import { forkTrainer } from '../../../main/trainers/trainer-process.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'
import { openRunsApp, quiet, tiny } from './runs-app.ts'

const fast = fileURLToPath(new URL('../trainers/faulty/fast.ts', import.meta.url))

test('once the machine was checked, the form, what is foreseen and a run take the fastest that is right', async () => {
  const file = join(await temporaryFolder(), 'providers.json')
  const providers = createProviders({ startTrainer: () => forkTrainer(fast), file })
  const app = await openRunsApp(undefined, { providers })
  const chosen = async () => {
    const { settings } = await app.runs['runs.form']({ projectId: 'p1' }, quiet())
    return settings.find(({ name }) => name === 'provider')?.defaultValue
  }
  const device = async (settings: Readonly<Record<string, unknown>>) =>
    (
      await app.runs['runs.readiness'](
        { projectId: 'p1', modelId: 'tiny', settings: { ...tiny, ...settings } },
        quiet(),
      )
    ).device
  expect(await chosen()).toBe('cpu')
  expect(await device({ provider: 'auto' })).toContain('a check at the start')

  await providers.check(() => undefined).outcome
  expect(await chosen()).toBe('webgpu')
  expect(await device({})).toBe('GPU (WebGPU)')
  expect(await device({ provider: 'auto' })).toBe('GPU (WebGPU)')
  expect(await device({ provider: 'cpu' })).not.toContain('GPU')
  expect(await device({ weightPrecision: 'int8' })).not.toContain('GPU')
  const ready = { projectId: 'p1', modelId: 'tiny' } as const
  // What it began with stands in its settings, so that it goes on with it.
  expect(
    (await app.runs.requireReady({ ...ready, settings: { ...tiny, provider: 'auto' } })).settings.provider,
  ).toBe('webgpu')
  await expect(
    app.runs.requireReady({ ...ready, settings: { ...tiny, provider: 'dml' } }),
  ).rejects.toMatchObject({
    code: 'provider_unavailable',
  })
})

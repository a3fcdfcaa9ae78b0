import { readFile, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { createEngine } from '../../../main/engine.ts'
import { createProviders, fastestOf, providersFile } from '../../../main/trainers/providers.ts'
import { forkTrainer } from '../../../main/trainers/trainer-process.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'
import { writeTinyRun } from '../../support/tiny-run.ts'
import { right } from './faulty/trainer.ts'

/** Providers whose checks run in real processes that do what a driver may do to them. */
async function providersOf(driver: 'crashing' | 'hanging' | 'wrong' | 'fast', silenceMs = 60_000) {
  const folder = await temporaryFolder()
  const started = { count: 0 }
  const startTrainer = () => {
    started.count++
    return forkTrainer(fileURLToPath(new URL(`./faulty/${driver}.ts`, import.meta.url)))
  }
  const file = providersFile(folder)
  const open = () => createProviders({ startTrainer, file, silenceMs })
  return { folder, file, startTrainer, started, open, providers: open() }
}

const nothing = () => undefined
const refused = { code: 'provider_unavailable' }

describe('a driver', () => {
  test.skipIf(process.platform === 'win32')('that crashes takes its own process with it alone', async () => {
    const { providers } = await providersOf('crashing')
    const outcome = await providers.check(nothing).outcome
    expect(outcome).toMatchObject({
      type: 'result',
      providers: [
        { provider: 'cpu', status: 'right' },
        { provider: 'webgpu', status: 'crashed', available: false },
        { provider: 'dml', status: 'crashed' },
        { provider: 'cuda', status: 'crashed' },
      ],
    })
    const message = expect.stringMatching(/SIGSEGV \(GPT-Neo\)/) as string
    await expect(providers.settle({ provider: 'webgpu' })).rejects.toMatchObject({ ...refused, message })
    expect(await providers.settle({ provider: 'auto' })).toEqual({ provider: 'cpu' })
  })

  test('that hangs is ended, and the check goes on', async () => {
    const { providers } = await providersOf('hanging', 3_000)
    const outcome = await providers.check(nothing).outcome
    const said = outcome.type === 'result' ? outcome.providers : []
    expect(said.map(({ status }) => status)).toEqual(['right', 'hung', 'right', 'right'])
    expect(said[1]?.message).toContain('(BERT)')
  })

  test('that hangs keeps nobody from stopping the check', async () => {
    const { providers } = await providersOf('hanging')
    const job = providers.check((report) => {
      if (report.type === 'provider-case') job.kill()
    })
    expect(await job.outcome).toMatchObject({ type: 'error', error: { code: 'cancelled' } })
    expect(await providers.last()).toBeNull()
  })

  test('that leaves a gradient unfilled is found out by it', async () => {
    const { providers } = await providersOf('wrong')
    const outcome = await providers.check(nothing).outcome
    expect(outcome).toMatchObject({ providers: [{}, { status: 'wrong', available: false }, {}, {}] })
    const message = expect.stringMatching(/gradients are wrong \(T5, [\d.]+ % off\)/) as string
    await expect(providers.settle({ provider: 'webgpu' })).rejects.toMatchObject({ ...refused, message })
  })
})

describe('what a check has found', () => {
  test('decides what auto is, and is asked for once', async () => {
    const { providers, open, started } = await providersOf('fast')
    expect(await providers.settle({ rank: 4 })).toEqual({ rank: 4 })
    expect(await providers.settle({ provider: 'cpu' })).toEqual({ provider: 'cpu' })
    expect(await providers.foresee({ provider: 'auto' })).toEqual({ provider: 'auto' })
    expect(await providers.fastest()).toBe('cpu')
    expect(started.count).toBe(0)
    const both = await Promise.all([
      providers.settle({ provider: 'auto', rank: 4 }),
      providers.settle({ provider: 'cuda' }),
    ])
    expect(both).toEqual([{ provider: 'webgpu', rank: 4 }, { provider: 'cuda' }])
    const again = open()
    expect(await again.foresee({ provider: 'auto' })).toEqual({ provider: 'webgpu' })
    expect(await again.fastest('int8')).toBe('cpu')
    expect(started.count).toBe(4)
  })

  test('is forgotten where the runtime, the system or the drivers are others, or the file is damaged', async () => {
    const { providers, file } = await providersOf('fast')
    await providers.check(nothing).outcome
    expect(await providers.last()).toMatchObject({ providers: { length: 4 } })
    const text = await readFile(file, 'utf8')
    await writeFile(file, text.replace(/"stamp": "..../, '"stamp": "----'))
    expect(await providers.last()).toBeNull()
    await writeFile(file, text.slice(0, 40))
    expect(await providers.last()).toBeNull()
    await writeFile(file, text)
    expect(await providers.last()).not.toBeNull()
  })

  test('goes by speed among those that are right, and right with the weights that are asked for', () => {
    const exact = { ...right('dml', 1), float16: false }
    const wrong = { ...right('cuda', 0.1), available: false }
    const all = [right('cpu', 100), right('webgpu', 10), exact, wrong]
    expect(fastestOf(all)).toBe('dml')
    expect(fastestOf(all, 'float16')).toBe('webgpu')
    expect(fastestOf(all, 'int4')).toBe('cpu')
    expect(fastestOf([wrong])).toBe('cpu')
  })
})

test('a run on a provider that crashes is refused before anything of it is made', async () => {
  const { providers, startTrainer, folder } = await providersOf('crashing')
  await writeTinyRun(folder)
  const engine = createEngine({ startTrainer, providers })
  const job = engine.train(
    {
      model: join(folder, 'model'),
      datasets: [{ name: 'train', data: join(folder, 'train.json'), weight: 1 }],
      validation: null,
      tests: [],
      out: join(folder, 'runs'),
      name: 'run',
      settings: { file: null, values: {}, assignments: ['provider=webgpu'] },
    },
    nothing,
  )
  expect(await job.outcome).toMatchObject({ type: 'error', error: refused })
  expect(await readdir(folder)).not.toContain('runs')
})

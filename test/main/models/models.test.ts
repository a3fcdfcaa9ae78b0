import { mkdir, readFile, rename, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { trainingMemoryMb as expectedMemoryMb } from '../../../main/trainers/training-memory.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'
import { writeTinyRun } from '../../support/tiny-run.ts'
import { openModelsApp, quiet, writeFolder } from './models-app.ts'

test('the starter stands first and can be used', async () => {
  const app = await openModelsApp()
  const [starter] = await app.models['models.list']({}, quiet())
  expect(starter).toMatchObject({
    id: 'starter',
    origin: 'starter',
    architecture: 't5',
    parameters: 5_722_624,
    licence: 'cc-by-sa-4.0',
    maxLength: 384,
    usable: true,
  })
  expect(await app.models.modelOf('starter')).toEqual(starter)
  await expect(app.models['models.remove']({ modelId: 'starter' }, quiet())).rejects.toMatchObject({
    code: 'model_in_use',
  })
})

test('a folder is added once, by whatever path, and is unusable when it is gone', async () => {
  const app = await openModelsApp()
  const folder = await temporaryFolder()
  await writeTinyRun(folder)
  const path = join(folder, 'model')
  const added = await app.models['models.addFolder']({ folder: path }, quiet())
  expect(added).toMatchObject({ name: 'model', origin: 'folder', usable: true, maxLength: 512 })
  await symlink(path, join(folder, 'link'))
  expect((await app.models['models.addFolder']({ folder: join(folder, 'link') }, quiet())).id).toBe(added.id)
  await rename(path, join(folder, 'elsewhere'))
  expect(await app.models.modelOf(added.id)).toMatchObject({
    usable: false,
    reason: expect.stringContaining('is gone') as string,
  })
})

test("a snapshot of the hub's cache, all links, is read and named by its repository", async () => {
  const folder = await temporaryFolder()
  await writeTinyRun(folder)
  const snapshot = join(
    folder,
    'models--google--flan-t5-small/snapshots/0fc9ddf78a1e988dac52e2dac162b0ede4fd74ab',
  )
  await mkdir(snapshot, { recursive: true })
  for (const name of ['config.json', 'tokenizer.json', 'model.safetensors'])
    await symlink(join(folder, 'model', name), join(snapshot, name))
  const app = await openModelsApp()
  expect(await app.models['models.addFolder']({ folder: snapshot }, quiet())).toMatchObject({
    name: 'google/flan-t5-small',
    usable: true,
  })
})

test('what is no model, or one that cannot be read, is refused with the way out', async () => {
  const app = await openModelsApp()
  const root = await temporaryFolder()
  const refuse = async (name: string, files: Readonly<Record<string, string>>, expected: object) => {
    const folder = await writeFolder(join(root, name), files)
    await expect(app.models['models.addFolder']({ folder }, quiet())).rejects.toMatchObject(expected)
  }
  const config = JSON.stringify({ model_type: 't5' })
  await refuse(
    'empty',
    {},
    { code: 'model_unsupported', message: expect.stringContaining('no config.json') as string },
  )
  await refuse('broken', { 'config.json': '{' }, { code: 'file_unreadable' })
  await refuse('untyped', { 'config.json': '{}' }, { code: 'model_unsupported' })
  await refuse('bare', { 'config.json': config }, { code: 'file_missing' })
  await refuse(
    'pickled',
    { 'config.json': config, 'pytorch_model.bin': 'x' },
    { code: 'model_unsupported', message: expect.stringContaining('model.safetensors') as string },
  )
  await refuse('damaged', { 'config.json': config, 'model.safetensors': 'x' }, { code: 'file_unreadable' })
  await refuse(
    'sharded',
    {
      'config.json': config,
      'model.safetensors.index.json': JSON.stringify({ weight_map: { a: '../../secret.safetensors' } }),
    },
    { code: 'file_missing' },
  )
  await expect(
    app.models['models.addFolder']({ folder: join(root, 'nowhere') }, quiet()),
  ).rejects.toMatchObject({ code: 'file_missing' })
})

test('models that are not built in, or lack their tokenizer, are listed with the reason', async () => {
  const app = await openModelsApp()
  const folder = await temporaryFolder()
  await writeTinyRun(folder)
  const weights = await readFile(join(folder, 'model/model.safetensors'))
  const added = async (name: string, files: Readonly<Record<string, string>>) => {
    const path = await writeFolder(join(folder, name), files)
    await writeFile(join(path, 'model.safetensors'), weights)
    return app.models['models.addFolder']({ folder: path }, quiet())
  }
  const gpt2 = { 'config.json': JSON.stringify({ model_type: 'gpt2', max_position_embeddings: 512 }) }
  expect(await added('gpt2', gpt2)).toMatchObject({
    architecture: 'gpt2',
    kind: null,
    maxLength: 512,
    usable: false,
    reason: expect.stringContaining('t5, gpt_neo, bert, distilbert') as string,
  })
  const bert = { 'config.json': JSON.stringify({ model_type: 'bert', max_position_embeddings: 512 }) }
  expect(await added('bert', bert)).toMatchObject({ usable: false })
  expect(await added('bert with words', { ...bert, 'vocab.txt': '[UNK]' })).toMatchObject({
    kind: 'extractive',
    usable: true,
    reason: null,
  })
  const mute = await writeFolder(join(folder, 'mute'), {
    'config.json': JSON.stringify({ model_type: 't5' }),
  })
  await writeFile(join(mute, 'model.safetensors'), weights)
  expect(await app.models['models.addFolder']({ folder: mute }, quiet())).toMatchObject({
    usable: false,
    reason: expect.stringContaining('tokenizer.json') as string,
  })
})

test('a model that a run uses stays', async () => {
  const app = await openModelsApp(undefined, { isModelInUse: () => Promise.resolve(true) })
  const folder = await temporaryFolder()
  await writeTinyRun(folder)
  const { id } = await app.models['models.addFolder']({ folder: join(folder, 'model') }, quiet())
  await expect(app.models['models.remove']({ modelId: id }, quiet())).rejects.toMatchObject({
    code: 'model_in_use',
  })
})

test('the catalogue names the nine models, and every one of them can be trained', async () => {
  const app = await openModelsApp()
  const entries = await app.models['models.catalogue']({}, quiet())
  expect(entries).toHaveLength(9)
  for (const { architecture, supported, reason, parameters, trainingMemoryMb } of entries) {
    expect({ architecture, supported, reason }).toEqual({ architecture, supported: true, reason: null })
    const size = { parameters, batchSize: 8, sourceLength: 512, targetLength: 32, method: 'lora' } as const
    expect(Math.abs(trainingMemoryMb - expectedMemoryMb(size))).toBeLessThan(2)
  }
})

test('the machine tells of itself, and keeps what its check said', async () => {
  const app = await openModelsApp()
  // No graphics driver, which would be checked, too.
  for (const name of ['VK_DRIVER_FILES', 'VK_ICD_FILENAMES']) vi.stubEnv(name, app.home)
  onTestFinished(() => {
    vi.unstubAllEnvs()
  })
  const info = await app.models['machine.info']({}, quiet())
  expect(info).toMatchObject({ providers: null, checkedAt: null })
  expect(info.cores).toBeGreaterThan(0)
  expect(info.freeMemoryMb).toBeLessThanOrEqual(info.memoryMb)
  expect(info.diskFreeMb).toBeGreaterThan(0)
  const checked = await app.models['machine.check']({}, quiet())
  expect(checked.providers?.find(({ provider }) => provider === 'cpu')).toMatchObject({ available: true })
  expect(await app.models['machine.info']({}, quiet())).toMatchObject({ checkedAt: checked.checkedAt })
})

import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { initializeTrained } from '../../../trainer/lora/initialize.ts'
import { saveAdapter } from '../../../trainer/lora/save-adapter.ts'
import { chooseTrained } from '../../../trainer/lora/trained.ts'
import { openModel } from '../../../trainer/models/registry.ts'
import { parseSettings } from '../../../trainer/protocol.ts'
import { homeFolders } from '../../../main/store/files.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'
import { openRunsApp, quiet } from './runs-app.ts'

const settings = parseSettings({
  rank: 3,
  alpha: 5,
  useDora: true,
  rankPattern: { q: 2 },
  targetModules: ['q', 'v'],
  modulesToSave: ['lm_head'],
})

/** An adapter of the tiny model in a folder of its own, with something in it that has no effect. */
async function writeAdapter(modelFolder: string): Promise<string> {
  const model = await openModel(modelFolder)
  const { architecture } = model
  const trained = chooseTrained(architecture, settings)
  const folder = join(await temporaryFolder(), 'from-elsewhere')
  const parameters = await initializeTrained(model, trained, 1)
  await saveAdapter(folder, parameters, { baseModel: 'tiny-base', architecture, trained, settings })
  const path = join(folder, 'adapter_config.json')
  const config = JSON.parse(await readFile(path, 'utf8')) as object
  await writeFile(path, JSON.stringify({ ...config, fan_in_fan_out: true }))
  return folder
}

test('an adapter of elsewhere joins the runs of a project, and what has no effect in it is told', async () => {
  const { runs, home, projectId, watch } = await openRunsApp()
  const folder = await writeAdapter(join(home, 'tiny/model'))
  const info = await runs['adapters.inspect']({ modelId: 'tiny', folder }, quiet())
  expect(info).toEqual({
    baseModel: 'tiny-base',
    layers: 6,
    modules: ['q', 'v'],
    ranks: [2, 3],
    dora: true,
    savedModules: ['lm_head.weight'],
    // Three layers of each kind, 8 by 16: the matrices and the magnitudes, and the head.
    parameters: 3 * (2 * (8 + 16) + 8) + 3 * (3 * (8 + 16) + 8) + 200 * 16,
    modelParameters: expect.any(Number) as number,
    notes: [expect.stringContaining('fan_in_fan_out')],
  })

  const made = await runs['adapters.import']({ projectId, modelId: 'tiny', folder, name: null }, quiet())
  expect(made.adapter).toEqual(info)
  expect(made.run).toMatchObject({
    name: 'from-elsewhere',
    status: 'finished',
    usable: true,
    importedFrom: folder,
    settings: { rank: 3, alpha: 5, method: 'lora' },
    changed: { rank: 3, useDora: true, rankPattern: { q: 2 }, modulesToSave: ['lm_head'] },
    trainableParameters: info.parameters,
  })
  const copied = join(made.run.folder, 'adapter')
  for (const file of ['adapter_config.json', 'adapter_model.safetensors'])
    expect((await readFile(join(copied, file))).equals(await readFile(join(folder, file))), file).toBe(true)
  const watching = watch(made.run.id)
  await expect
    .poll(() => watching.updates[0])
    .toMatchObject({
      kind: 'snapshot',
      progress: { phase: 'ended' },
      series: { recorded: 0, points: [] },
      log: [{ level: 'warning', text: info.notes[0] }],
    })
  await watching.stop()
  const listed = await runs['runs.list']({ projectId }, quiet())
  expect(listed.map(({ id }) => id)).toEqual([made.run.id])

  // Discarding it removes the copy and leaves the person's folder.
  await runs['runs.discard']({ runId: made.run.id }, quiet())
  expect(await readdir(homeFolders(home).runs(projectId))).toEqual([])
  expect(await readdir(folder)).toHaveLength(2)
})

test('an adapter that cannot be used is refused, and nothing of it stays', async () => {
  const { runs, home, projectId } = await openRunsApp()
  const folder = await writeAdapter(join(home, 'tiny/model'))
  const bring = (given: string, modelId = 'tiny') =>
    runs['adapters.import']({ projectId, modelId, folder: given, name: 'Mine' }, quiet())
  await expect(bring(join(folder, 'gone'))).rejects.toMatchObject({ code: 'file_missing' })
  await expect(bring(folder, 'none')).rejects.toMatchObject({ code: 'model_missing' })
  const path = join(folder, 'adapter_config.json')
  const config = JSON.parse(await readFile(path, 'utf8')) as object
  await writeFile(path, JSON.stringify({ ...config, peft_type: 'IA3' }))
  await expect(bring(folder)).rejects.toMatchObject({
    code: 'adapter_invalid',
    message: expect.stringContaining('"IA3" is not LORA') as string,
  })
  expect(await runs['runs.list']({ projectId }, quiet())).toEqual([])
  await expect(readdir(homeFolders(home).runs(projectId))).rejects.toMatchObject({ code: 'ENOENT' })
})

import { join } from 'node:path'
import type { Methods } from '../../main/contract/methods.ts'
import type { Client } from '../../main/rpc/client.ts'
import { writeTinyRun } from './tiny-run.ts'

/** Makes a project with the tiny model and nineteen examples to train on, whose files are written into a folder. */
export async function makeTinyProject(call: Client<Methods>['call'], folder: string, name: string) {
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

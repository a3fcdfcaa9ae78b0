import { join } from 'node:path'
import { inspectModelFolder } from '../../../main/models/model-folder.ts'
import { openAnsweringSession } from '../../../trainer/generate/answering-session.ts'
import { openModel } from '../../../trainer/models/registry.ts'
import { outcomeOf } from '../outcome.ts'

let opened = 0
/** Of the models that open so many have a graph built and loaded: that takes as long as a hundred openings. */
const graphEvery = 25

/** Looks at a model folder as the host does, opens it as the trainer does, and loads what opens for answering. */
export async function readModelFolder(folder: string): Promise<readonly string[]> {
  const path = join(folder, 'model')
  return [
    await outcomeOf(async () => {
      await inspectModelFolder(path)
      return 'inspected'
    }),
    await outcomeOf(async () => {
      const model = await openModel(path)
      if (opened++ % graphEvery !== 0) return 'opened'
      const options = { threads: 1, provider: 'cpu', fusedNorms: true, adaptable: [] } as const
      await (await openAnsweringSession(model, options)).dispose()
      return 'loaded'
    }),
  ]
}

import { join } from 'node:path'
import { inspectModelFolder } from '../../../main/models/model-folder.ts'
import { ask } from '../../../trainer/ask.ts'
import { readSafetensors } from '../../../trainer/checkpoint/safetensors.ts'
import { openModel } from '../../../trainer/models/registry.ts'
import { parseSettings } from '../../../trainer/settings.ts'
import { outcomeOf } from '../outcome.ts'

let opened = 0
/** A model that opens is asked something now and then: that takes as long as a hundred openings. */
const askEvery = 40

/** Looks at a model folder as the host does, opens it as the trainer does, reads its weights, and asks it. */
export async function readWeightFolder(folder: string): Promise<readonly string[]> {
  const model = join(folder, 'model')
  const outcomes = [
    await outcomeOf(async () => {
      await inspectModelFolder(model)
      return 'inspected'
    }),
    await outcomeOf(async () => {
      const tensors = await readSafetensors(join(model, 'model.safetensors'))
      return tensors.size === 0 ? 'no tensors' : 'read'
    }),
  ]
  const last = await outcomeOf(async () => {
    const { architecture } = await openModel(model)
    if (architecture.kind !== 'seq2seq' || opened++ % askEvery !== 0) return 'opened'
    await askModel(model)
    return 'asked'
  })
  return [...outcomes, last]
}

/** One short question; the answer may be anything. */
export async function askModel(model: string): Promise<void> {
  const settings = parseSettings({ threads: 1, maxTargetLength: 4, numBeams: 1 })
  const command = {
    kind: 'ask',
    model,
    adapter: null,
    context: 'The one.',
    question: 'Which?',
    form: 'qa',
    settings,
  } as const
  const never = new AbortController().signal
  await ask(command, { report: () => undefined, stop: never, keep: never })
}

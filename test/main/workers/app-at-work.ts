/** An app as a process of its own, at work on a run: HOME PROJECT MODEL SETTINGS. Says where its trainer stands. */
import { fileURLToPath } from 'node:url'
import { createApp, forkTrainer } from '../../../main/app.ts'

const [home = '', projectId = '', modelId = '', settings = '{}'] = process.argv.slice(2)
const root = fileURLToPath(new URL('../../..', import.meta.url))
const { handlers } = await createApp({
  home,
  root,
  version: '1',
  host: 'web',
  startTrainer: () => {
    const trainer = forkTrainer(fileURLToPath(new URL('../../../trainer/worker.ts', import.meta.url)))
    process.stdout.write(`trainer ${trainer.pid ?? 0}\n`)
    return trainer
  },
})
const context = { emit: () => undefined, signal: new AbortController().signal }
const asked = { projectId, modelId, name: null, settings: JSON.parse(settings) as Record<string, unknown> }
const { id: runId } = await handlers['runs.start'](asked, context)
for (;;) {
  const { step } = await handlers['runs.get']({ runId }, context)
  if (step > 0) process.stdout.write(`at step ${step}\n`)
  await new Promise((resolve) => setTimeout(resolve, 50))
}

import { initializeTrained } from '../../trainer/lora/initialize.ts'
import { chooseTrained } from '../../trainer/lora/trained.ts'
import { peakResidentMb } from '../../trainer/memory.ts'
import { openModel } from '../../trainer/models/registry.ts'
import { holdText } from '../../trainer/open-model.ts'
import { initialAdamW } from '../../trainer/optim/adamw.ts'
import { globalNorm } from '../../trainer/optim/clip.ts'
import { estimateMemoryMb } from '../../trainer/run/memory-estimate.ts'
import { largestPart, openTraining } from '../../trainer/run/open-training.ts'
import { planRun } from '../../trainer/run/run-plan.ts'
import { accumulateGradients, updateParameters } from '../../trainer/run/training-step.ts'
import { parseSettings } from '../../trainer/settings.ts'
import { idDrawer } from './random-ids.ts'

// One case of estimates.ts, in a process of its own: trains three steps and prints what memory the process has had at
// most, and what was estimated.

const [folder = '', batch = '1', source = '8', target = '8', settingsText = '{}'] = process.argv.slice(2)
const settings = parseSettings({
  ...(JSON.parse(settingsText) as Record<string, unknown>),
  batchSize: Number(batch),
  maxSteps: 3,
})
const draw = await idDrawer(folder, 'estimate')
const stored = await openModel(folder)
const { kind } = stored.architecture
const items = Array.from({ length: 3 * Number(batch) }, (_, exampleIndex) => ({
  sourceIds: draw(Number(source)),
  targetIds: kind === 'extractive' ? [10, 12] : draw(Number(target)),
  contextStart: 5,
  exampleIndex,
}))
const signal = new AbortController().signal
// A tokenizer takes some megabytes more in a run; the rest of a text model is not asked for.
const text = { model: stored } as Parameters<typeof holdText>[0]
const held = await holdText(text, settings, { folder: null, signal })
const { model } = held.text
const plan = planRun(items, settings)
const trained = chooseTrained(model.architecture, settings)
const session = await openTraining({ model }, plan, { trained, settings })
const parameters = await initializeTrained(model, trained, settings.seed)
let optimizer = initialAdamW(parameters)
for (let step = 0; step < 3; step++) {
  const { gradients } = await accumulateGradients(step, { model, session, plan, settings }, parameters)
  const gradNorm = globalNorm(gradients)
  optimizer = updateParameters(parameters, gradients, optimizer, { settings, learningRate: 1e-4, gradNorm })
}
const measured = peakResidentMb()
// Afterwards, since it takes memory itself.
const estimated = estimateMemoryMb({
  model,
  parameterCount: model.parameterCount,
  trained,
  largest: largestPart(plan, model, settings),
  validates: false,
  answers: false,
  settings,
})
await session.dispose()
await held.dispose()
process.stdout.write(`${JSON.stringify({ estimated, measured })}\n`)

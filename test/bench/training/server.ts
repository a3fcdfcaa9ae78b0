import { multipliesBytesExactly } from '../../../trainer/exact-bytes.ts'
import { initializeTrained } from '../../../trainer/lora/initialize.ts'
import { chooseTrained } from '../../../trainer/lora/trained.ts'
import { holdWeights } from '../../../trainer/models/held-weights.ts'
import { openModel } from '../../../trainer/models/registry.ts'
import { initialAdamW } from '../../../trainer/optim/adamw.ts'
import { globalNorm } from '../../../trainer/optim/clip.ts'
import { openTraining } from '../../../trainer/run/open-training.ts'
import { planRun } from '../../../trainer/run/run-plan.ts'
import { accumulateGradients, updateParameters } from '../../../trainer/run/training-step.ts'
import { runtimeVersion } from '../../../trainer/session.ts'
import { parseSettings } from '../../../trainer/settings.ts'
import { handler, serve } from '../serve.ts'
import { loadSchema, runSchema } from './messages.ts'
import type { PlannedStep } from './messages.ts'

// A run's steps, made of the run's own parts, in a process of its own so that its memory is its own.

interface Run {
  step(step: number): Promise<number>
  dispose(): Promise<void>
}

const opened: Run[] = []

const load = handler(loadSchema, async (request) => {
  const began = performance.now()
  const settings = parseSettings(request.settings)
  const stored = await openModel(request.weights)
  const signal = new AbortController().signal
  const precision = settings.weightPrecision
  const exactBytes = precision === 'int8' && (await multipliesBytesExactly())
  const held = await holdWeights(stored, { precision, exactBytes, folder: null, signal })
  const model = { ...stored, frozen: held.frozen }
  const items = request.items.map(({ sourceIds, targetIds, contextStart }, exampleIndex) => ({
    sourceIds,
    targetIds,
    ...(contextStart === undefined ? {} : { contextStart }),
    exampleIndex,
  }))
  const plan = planRun(items, settings)
  const trained = chooseTrained(model.architecture, settings)
  const session = await openTraining({ model }, plan, { trained, settings })
  const parameters = await initializeTrained(model, trained, settings.seed)
  let optimizer = initialAdamW(parameters)
  opened.push({
    async step(step) {
      const parts = { model, session, plan, settings }
      const { loss, gradients } = await accumulateGradients(step, parts, parameters)
      const { learningRate } = settings
      const gradNorm = globalNorm(gradients)
      optimizer = updateParameters(parameters, gradients, optimizer, { settings, learningRate, gradNorm })
      return loss
    },
    async dispose() {
      await session.dispose()
      await held.dispose()
    },
  })
  const seconds = (performance.now() - began) / 1000
  const described = (step: number): PlannedStep => {
    const examples = plan.batchesOf(step).flat()
    const hasTexts = model.architecture.kind !== 'extractive'
    const lengths = examples.map(({ sourceIds, targetIds }) => [
      sourceIds.length,
      hasTexts ? targetIds.length : 0,
    ])
    const longest = (part: number) => Math.max(...lengths.map((length) => length[part] ?? 0))
    return {
      examples: examples.length,
      tokens: lengths.flat().reduce((a, b) => a + b, 0),
      padded: examples.length * (longest(0) + longest(1)),
    }
  }
  return {
    seconds,
    trainable: [...parameters.values()].reduce((sum, { data }) => sum + data.length, 0),
    versions: { node: process.versions.node, 'onnxruntime-node': runtimeVersion() },
    plan: Array.from({ length: plan.stepsPerEpoch }, (_, step) => described(step)),
  }
})

const steps = handler(runSchema, async (request) => {
  const [run] = opened
  if (!run) throw new Error('No model is loaded.')
  const milliseconds: number[] = []
  const processor: number[] = []
  const loss: number[] = []
  for (const step of request.steps) {
    const began = performance.now()
    const before = process.cpuUsage()
    loss.push(await run.step(step))
    milliseconds.push(performance.now() - began)
    const { user, system } = process.cpuUsage(before)
    processor.push((user + system) / 1000)
  }
  return { milliseconds, processor, loss }
})

await serve({ load, run: steps })
for (const run of opened) await run.dispose()

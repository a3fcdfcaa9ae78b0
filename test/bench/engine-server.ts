import { openAnsweringSession, requireGenerative } from '../../trainer/generate/answering-session.ts'
import { generate } from '../../trainer/generate/generate.ts'
import { kindOf } from '../../trainer/kinds/kinds.ts'
import { initializeLora } from '../../trainer/lora/initialize.ts'
import { chooseTargets } from '../../trainer/lora/targets.ts'
import { openModel } from '../../trainer/models/registry.ts'
import { adamW, initialAdamW } from '../../trainer/optim/adamw.ts'
import { runtimeVersion } from '../../trainer/session.ts'
import { buildTrainingGraph, openTrainingSession } from '../../trainer/training-session.ts'
import type { GenerateRequest, LoadRequest, StepRequest } from './messages.ts'
import { serve } from './serve.ts'

// The engine doing the bench's work, in a process of its own so that its memory is its own.

/** What a loaded model can do; the process ends with it. */
interface Engine {
  readonly parameters: number
  readonly trainable: number
  readonly step?: (request: StepRequest) => Promise<object>
  readonly generate?: (request: GenerateRequest) => Promise<object>
  dispose(): Promise<void>
}

async function openTraining({ weights, lora, threads, learningRate, seed }: LoadRequest): Promise<Engine> {
  if (!lora) throw new Error('Training in the bench is LoRA: the request lacks "lora".')
  const model = await openModel(weights)
  const { linears } = model.architecture
  const targets = chooseTargets(linears, {
    rank: lora.rank,
    alpha: lora.alpha,
    rankStabilized: false,
    targetModules: lora.targets,
    layersToTransform: null,
  })
  const graph = buildTrainingGraph(model, {
    trained: { method: 'lora', targets, whole: [] },
    labelSmoothing: 0,
    dropout: 0,
    loraDropout: 0,
    fusedNorms: true,
    withGradients: true,
  })
  const session = await openTrainingSession(model, graph, {
    threads,
    provider: 'cpu',
    seed,
    // Decides how long the dropout masks are, and there are none.
    largest: { batch: 1, source: 1, target: 1 },
  })
  const parameters = initializeLora(targets, seed)
  let optimizer = initialAdamW(parameters)
  let step = 0
  const trainable = [...parameters.values()].reduce((sum, { data }) => sum + data.length, 0)
  return {
    parameters: model.parameterCount + trainable,
    trainable,
    async step({ inputs, labels, steps }) {
      const items = inputs.map((sourceIds, row) => ({
        sourceIds,
        targetIds: labels[row] ?? [],
        exampleIndex: row,
      }))
      const batch = kindOf(model.architecture).collate(items)
      const milliseconds: number[] = []
      const losses: number[] = []
      for (let i = 0; i < steps; i++) {
        const began = performance.now()
        const lossScale = 1 / batch.labels
        const { loss, gradients } = await session.gradients(parameters, batch, { lossScale, step: step++ })
        // The settings of torch.optim.AdamW in peft_reference.py, which does not clip either.
        optimizer = adamW(parameters, gradients, optimizer, {
          beta1: 0.9,
          beta2: 0.999,
          epsilon: 1e-8,
          weightDecay: 0.01,
          learningRate,
          gradientScale: 1,
        })
        milliseconds.push(performance.now() - began)
        losses.push(loss)
      }
      return { milliseconds, loss: losses }
    },
    dispose: () => session.dispose(),
  }
}

async function openGeneration({ weights, threads }: LoadRequest): Promise<Engine> {
  const model = await openModel(weights)
  const { config } = model.architecture
  const session = await openAnsweringSession(model, {
    adaptable: [],
    threads,
    provider: 'cpu',
    fusedNorms: true,
  })
  return {
    parameters: model.parameterCount,
    trainable: 0,
    async generate({ inputs, newTokens }) {
      const began = performance.now()
      const decoder = await requireGenerative(session).start(inputs, { adapter: null, beams: 1 })
      const sequences = await generate(decoder, {
        eosTokenId: config.eosTokenId ?? config.padTokenId,
        padTokenId: config.padTokenId,
        minNewTokens: newTokens,
        maxNewTokens: newTokens,
      })
      const seconds = (performance.now() - began) / 1000
      return { seconds, tokens: sequences.reduce((sum, { ids }) => sum + ids.length, 0) }
    },
    dispose: () => session.dispose(),
  }
}

const opened: Engine[] = []
await serve(async (request) => {
  const [engine] = opened
  if (request.op === 'load') {
    if (engine) throw new Error('A model is loaded already.')
    const began = performance.now()
    const loaded = await (request.purpose === 'training' ? openTraining(request) : openGeneration(request))
    opened.push(loaded)
    const seconds = (performance.now() - began) / 1000
    const { parameters, trainable } = loaded
    const versions = { node: process.versions.node, 'onnxruntime-node': runtimeVersion() }
    return { seconds, parameters, trainable, versions }
  }
  if (request.op === 'step' && engine?.step) return engine.step(request)
  if (request.op === 'generate' && engine?.generate) return engine.generate(request)
  throw new Error(`What is loaded cannot ${request.op}.`)
})
for (const engine of opened) await engine.dispose()

import { z } from 'zod'
import { seededRandom } from '../../../trainer/data/random.ts'
import { kindOf } from '../../../trainer/kinds/kinds.ts'
import { initializeLora } from '../../../trainer/lora/initialize.ts'
import { chooseTargets } from '../../../trainer/lora/targets.ts'
import { openModel } from '../../../trainer/models/registry.ts'
import { adamW, initialAdamW } from '../../../trainer/optim/adamw.ts'
import { buildTrainingGraph, openTrainingSession } from '../../../trainer/training-session.ts'
import { measure, readRequest, tellPoint } from './measure.ts'
import { bodyParameters } from './shapes.ts'

// Training steps of one size, in a process of its own so that its memory is its own.

const request = z
  .object({
    folder: z.string(),
    batch: z.int().positive(),
    source: z.int().positive(),
    target: z.int().positive(),
    rank: z.int().positive(),
    targets: z.enum(['qv', 'all-linear']),
    threads: z.int().positive(),
    most: z.int().positive(),
    seconds: z.number(),
  })
  .parse(readRequest())

const queryAndValue = { seq2seq: ['q', 'v'], causal: ['q_proj', 'v_proj'], extractive: ['query', 'value'] }

const model = await openModel(request.folder)
const { architecture } = model
const targets = chooseTargets(architecture.linears, {
  rank: request.rank,
  alpha: 2 * request.rank,
  rankStabilized: false,
  targetModules: request.targets === 'qv' ? queryAndValue[architecture.kind] : 'all-linear',
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
  threads: request.threads,
  provider: 'cpu',
  seed: 0,
  // Decides how long the dropout masks are, and there are none.
  largest: { batch: 1, source: 1, target: 1 },
})
const parameters = initializeLora(targets, 0)
let optimizer = initialAdamW(parameters)
const random = seededRandom(0, 'growth')
const ids = (length: number) => Array.from({ length }, () => 3 + Math.floor(random() * 997))
const items = Array.from({ length: request.batch }, (_, exampleIndex) => ({
  sourceIds: ids(request.source),
  // An encoder's answer is two places in its row.
  targetIds: architecture.kind === 'extractive' ? [9, 12] : ids(request.target),
  contextStart: 8,
  exampleIndex,
}))
const batch = kindOf(architecture).collate(items)
let step = 0
const measured = await measure(
  async () => {
    const lossScale = 1 / batch.labels
    const { gradients } = await session.gradients(parameters, batch, { lossScale, step: step++ })
    optimizer = adamW(parameters, gradients, optimizer, {
      beta1: 0.9,
      beta2: 0.999,
      epsilon: 1e-8,
      weightDecay: 0.01,
      learningRate: 3e-4,
      gradientScale: 1,
    })
  },
  { most: request.most, seconds: request.seconds },
)
await session.dispose()
tellPoint({ ...measured, tokens: batch.tokens, parameters: bodyParameters(architecture.parameters) })

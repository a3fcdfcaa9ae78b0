import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { seededRandom } from '../../trainer/data/random.ts'
import { multipliesBytesExactly } from '../../trainer/exact-bytes.ts'
import { kindOf } from '../../trainer/kinds/kinds.ts'
import { initializeLora } from '../../trainer/lora/initialize.ts'
import { chooseTrained } from '../../trainer/lora/trained.ts'
import { holdWeights } from '../../trainer/models/held-weights.ts'
import type { WeightPrecision } from '../../trainer/models/held-weights.ts'
import { openModel } from '../../trainer/models/registry.ts'
import { parseSettings } from '../../trainer/settings.ts'
import { buildTrainingGraph, openTrainingSession } from '../../trainer/training-session.ts'
import { publishedShapes, writeRandomModel } from './write-random-model.ts'
import type { PublishedShape } from './write-random-model.ts'

// Trains some steps of a published shape with random weights, LoRA on all linear layers, and says after each what
// memory the process has had at most. The model is written to a temporary folder and removed.
//   npm exec -- node test/bench/quantized-memory.ts --shape gpt-neo-1.3b --stored F16 --precision int8 --batch 1

const { values } = parseArgs({
  options: {
    shape: { type: 'string', default: 'flan-t5-small' },
    stored: { type: 'string', default: 'F32' },
    precision: { type: 'string', default: 'int8' },
    batch: { type: 'string', default: '1' },
    source: { type: 'string', default: '224' },
    target: { type: 'string', default: '32' },
    steps: { type: 'string', default: '3' },
    threads: { type: 'string', default: '2' },
    /** A model folder instead of random weights; it stays. */
    model: { type: 'string' },
  },
})
const shape = values.shape as PublishedShape
if (!(shape in publishedShapes))
  throw new Error(`There is no shape ${shape}; known are ${Object.keys(publishedShapes).join(', ')}.`)

/** Memory of this process in MB, as Linux counts it. */
function memory() {
  const status = readFileSync('/proc/self/status', 'utf8')
  const of = (name: string) => Math.round(Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1]) / 1024)
  return { peak: of('VmHWM'), resident: of('VmRSS'), anonymous: of('RssAnon'), mapped: of('RssFile') }
}

function tell(what: string, more: object = {}): void {
  process.stdout.write(`${JSON.stringify({ what, ...more, ...memory() })}\n`)
}

const home = await mkdtemp(join(tmpdir(), 'loracle-quantized-memory-'))
try {
  const folder = values.model ?? join(home, 'model')
  if (values.model === undefined)
    await writeRandomModel(folder, shape, values.stored as 'F32' | 'F16' | 'BF16')
  const model = await openModel(folder)
  const settings = parseSettings({ dropout: 0, weightPrecision: values.precision })
  const precision: WeightPrecision = settings.weightPrecision
  const exactBytes = precision === 'int8' && (await multipliesBytesExactly())
  const { signal } = new AbortController()
  const held = await holdWeights(model, { precision, exactBytes, folder: home, signal })
  tell('weights are held')
  const trained = chooseTrained(model.architecture, settings)
  const base = { ...model, frozen: held.frozen }
  const graph = buildTrainingGraph(base, {
    trained,
    labelSmoothing: 0,
    dropout: 0,
    loraDropout: 0,
    fusedNorms: true,
    withGradients: true,
  })
  const largest = { batch: 1, source: 1, target: 1 }
  const threads = Number(values.threads)
  const session = await openTrainingSession(base, graph, { threads, provider: 'cpu', seed: 1, largest })
  tell('the graph is loaded')
  const random = seededRandom(0, 'quantized memory')
  const ids = (length: string) => Array.from({ length: Number(length) }, () => 3 + Math.floor(random() * 900))
  const items = Array.from({ length: Number(values.batch) }, (_, exampleIndex) => ({
    sourceIds: ids(values.source),
    targetIds: ids(values.target),
    exampleIndex,
  }))
  const batch = kindOf(model.architecture).collate(items)
  const parameters = initializeLora(trained.targets, 1)
  for (let step = 0; step < Number(values.steps); step++) {
    const began = performance.now()
    const { loss } = await session.gradients(parameters, batch, { lossScale: 1 / batch.labels, step })
    tell(`step ${step + 1}`, { loss, milliseconds: Math.round(performance.now() - began) })
  }
  await session.dispose()
  await held.dispose()
} finally {
  await rm(home, { recursive: true, force: true })
}

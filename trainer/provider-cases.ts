import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { seededRandom } from './data/random.ts'
import { halfMatrix } from './graph/half-matrix.ts'
import { cast } from './graph/ops.ts'
import { constant, weight } from './graph/tensor.ts'
import type { Tensor } from './graph/tensor.ts'
import type { NamedTensor } from './checkpoint/safetensors.ts'
import type { FeedBatch } from './kinds/kind.ts'
import { kindOf } from './kinds/kinds.ts'
import { initializeLora } from './lora/initialize.ts'
import { chooseTrained } from './lora/trained.ts'
import type { Trained, TrainedOptions } from './lora/trained.ts'
import { magnitudeOf } from './lora/wrap.ts'
import type { Architecture } from './models/architecture.ts'
import { bert } from './models/bert.ts'
import { parseBertConfig } from './models/bert-config.ts'
import { gptNeo } from './models/gpt-neo.ts'
import { parseGptNeoConfig } from './models/gpt-neo-config.ts'
import type { Model } from './models/registry.ts'
import { t5 } from './models/t5.ts'
import { parseT5Config } from './models/t5-config.ts'
import type { TrainingGraphOptions } from './training-session.ts'

/** One training step that every execution provider is tried with. */
export interface ProviderCase {
  /** As a sentence names it. */
  readonly name: string
  /** Weights in float16, which are held to another tolerance and make no provider unusable. */
  readonly half: boolean
  /**
   * Whether its gradient is the slope of its loss: weights in float16 are rounded on the way, and DoRA takes the norms
   * of its rows for constants (Liu et al. 2024, section 4.3).
   */
  readonly exact: boolean
  make(): ProviderWork
}

/** A small random model in memory, what is trained of it, and a batch with padding. */
export interface ProviderWork {
  readonly model: Pick<Model, 'architecture' | 'frozen'>
  readonly options: Omit<TrainingGraphOptions, 'fusedNorms' | 'withGradients'>
  readonly parameters: ReadonlyMap<string, NamedTensor>
  readonly batch: FeedBatch
}

export interface TimedWork extends ProviderWork {
  /** The first row of the batch alone. */
  readonly firstRow: FeedBatch
}

const t5Json = {
  model_type: 't5',
  vocab_size: 128,
  d_model: 64,
  d_kv: 16,
  d_ff: 128,
  num_layers: 2,
  num_heads: 4,
  feed_forward_proj: 'gated-gelu',
  tie_word_embeddings: false,
}
const gptNeoJson = {
  model_type: 'gpt_neo',
  vocab_size: 128,
  hidden_size: 64,
  num_layers: 2,
  num_heads: 4,
  intermediate_size: 128,
  max_position_embeddings: 128,
  // Shorter than the rows, so that the window cuts something off.
  window_size: 16,
  eos_token_id: 1,
  pad_token_id: 0,
}
const bertJson = {
  model_type: 'bert',
  vocab_size: 128,
  hidden_size: 64,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  intermediate_size: 128,
  max_position_embeddings: 128,
  type_vocab_size: 2,
  pad_token_id: 0,
}
const where = 'the check'
const makeT5 = () => t5(parseT5Config(t5Json, where, new Set(['lm_head.weight'])))
const makeGptNeo = () => gptNeo(parseGptNeoConfig(gptNeoJson, where, new Set()))
const makeBert = () => bert(parseBertConfig(bertJson, where), new Set())

const everyLayer: TrainedOptions = {
  method: 'lora',
  rank: 4,
  alpha: 8,
  rankStabilized: false,
  layersToTransform: null,
  targetModules: 'all-linear',
}

/**
 * The steps that decide whether a provider computes right gradients: each kind of model with adapters on every layer,
 * dropout, recomputation, DoRA, every weight trained, and weights in float16.
 */
export const providerCases: readonly ProviderCase[] = [
  exact('T5', () => makeWork(makeT5(), everyLayer)),
  exact('GPT-Neo', () => makeWork(makeGptNeo(), everyLayer)),
  exact('BERT', () => makeWork(makeBert(), everyLayer)),
  exact('dropout', () => makeWork(makeT5(), everyLayer, { dropout: 0.1 })),
  exact('recomputed blocks', () => makeWork(makeT5(), everyLayer, { dropout: 0.1, recompute: 'blocks' })),
  exact('recomputed parts', () =>
    makeWork(makeGptNeo(), everyLayer, { dropout: 0.1, recompute: 'selective' }),
  ),
  exact('full training', () => makeWork(makeGptNeo(), { ...everyLayer, method: 'full' })),
  { ...exact('DoRA', () => makeWork(makeT5(), { ...everyLayer, useDora: true })), exact: false },
  inFloat16('T5', makeT5),
  inFloat16('GPT-Neo', makeGptNeo),
  inFloat16('BERT', makeBert),
]

function exact(name: string, make: () => ProviderWork): ProviderCase {
  return { name, half: false, exact: true, make }
}

function inFloat16(name: string, make: () => Architecture): ProviderCase {
  const work = () => makeWork(make(), everyLayer, { half: true })
  return { name: `${name} in float16`, half: true, exact: false, make: work }
}

/**
 * A step by whose time providers are compared: two layers of Flan-T5-small's width each way, 8 prompts of 128 tokens
 * with answers of 16. On small steps a GPU only waits for its next order. The weights lie in a file in `folder`, as a
 * model's do.
 */
export async function makeTimedWork(folder: string): Promise<TimedWork> {
  const json = { ...t5Json, vocab_size: 4096, d_model: 512, d_kv: 64, d_ff: 1024, num_heads: 6 }
  const architecture = t5(parseT5Config(json, where, new Set(['lm_head.weight'])))
  const lengths = Array.from({ length: 8 }, () => 128)
  const target = 16
  const file = 'weights.bin'
  const chunks: Uint8Array[] = []
  let offset = 0
  const work = makeWork(
    architecture,
    { ...everyLayer, rank: 16, alpha: 32 },
    {
      lengths,
      target,
      hold: (name, { shape, data }) => {
        const length = data.byteLength
        chunks.push(new Uint8Array(data.buffer, data.byteOffset, length))
        offset += length
        return weight(name, 'float32', shape, { file, offset: offset - length, length })
      },
    },
  )
  await writeFile(join(folder, file), chunks)
  const firstRow = kindOf(architecture).collate(items(architecture, lengths.slice(0, 1), target))
  return { ...work, firstRow, model: { ...work.model, frozen: { ...work.model.frozen, folder } } }
}

interface WorkOptions {
  readonly half?: boolean
  readonly dropout?: number
  readonly lengths?: readonly number[]
  readonly target?: number
  readonly recompute?: TrainingGraphOptions['gradientCheckpointing']
  /** Turns a frozen weight's values into a tensor; a constant in the graph without it. */
  readonly hold?: (name: string, values: NamedTensor) => Tensor
}

const holdInGraph = (_name: string, { data, shape }: NamedTensor): Tensor => constant(data, shape)
const holdInFloat16 = (name: string, values: NamedTensor): Tensor =>
  values.shape.length === 2
    ? halfMatrix(cast(holdInGraph(name, values), 'float16'))
    : holdInGraph(name, values)

function makeWork(
  architecture: Architecture,
  trainedOptions: TrainedOptions,
  { half = false, dropout = 0, lengths = [60, 41, 23], target = 6, recompute, hold }: WorkOptions = {},
): ProviderWork {
  const trained = chooseTrained(architecture, trainedOptions)
  const values = new Map(
    [...architecture.parameters].map(([name, shape]) => [name, { shape, data: drawn(name, shape) }]),
  )
  const held = hold ?? (half ? holdInFloat16 : holdInGraph)
  const weights = new Map(
    [...values]
      .filter(([name]) => !trained.whole.includes(name))
      .map(([name, own]) => [name, held(name, own)]),
  )
  const parameters = (name: string): Tensor => {
    const weight = weights.get(name)
    if (!weight) throw new Error(`There is no weight ${name}.`)
    return weight
  }
  return {
    model: { architecture, frozen: { folder: '.', parameters, narrow: half } },
    options: {
      trained,
      labelSmoothing: 0,
      dropout,
      loraDropout: dropout,
      gradientCheckpointing: recompute ?? 'none',
    },
    parameters: trainedValues(trained, values),
    batch: kindOf(architecture).collate(items(architecture, lengths, target)),
  }
}

/** Adapters as after some training, B no longer zero, and what is trained whole as it was drawn. */
function trainedValues(
  { targets, whole }: Trained,
  values: ReadonlyMap<string, NamedTensor>,
): ReadonlyMap<string, NamedTensor> {
  const parameters = initializeLora(targets, 1)
  for (const [name, { data }] of parameters)
    if (name.includes('lora_B')) data.set(uniform(data.length, 0.1, name))
  for (const { path, out, dora } of targets)
    if (dora)
      parameters.set(magnitudeOf(path), { shape: [out], data: uniform(out, 0.2, path).map((x) => 1 + x) })
  for (const name of whole) {
    const own = values.get(name)
    if (own) parameters.set(name, own)
  }
  return parameters
}

function items({ kind }: Architecture, lengths: readonly number[], target: number) {
  const source = (length: number) => Array.from({ length }, (_, i) => 3 + ((i * 37) % 120))
  return lengths.map((length, row) => ({
    sourceIds: source(length),
    targetIds: kind === 'extractive' ? [length - 5, length - 3] : [...source(target - 1 - (row % 3)), 1],
    contextStart: 8,
    exampleIndex: row,
  }))
}

function drawn(name: string, shape: readonly number[]): Float32Array {
  const size = shape.reduce((a, b) => a * b, 1)
  // The scales of norms lie about 1; wide layers are drawn narrower, or a softmax would choose one token alone.
  if (/(norm|ln_\w+)\.weight$/i.test(name)) return uniform(size, 0.1, name).map((x) => 1 + x)
  return uniform(size, shape.length === 2 ? 1.2 / Math.sqrt(shape[1] ?? 1) : 0.1, name)
}

const mostDrawn = 1 << 16

/** Values within `width` of 0; of large tensors the first ones come again and again. */
function uniform(size: number, width: number, key: string): Float32Array {
  const random = seededRandom('provider check', key)
  const values = new Float32Array(size)
  for (let i = 0; i < Math.min(size, mostDrawn); i++) values[i] = (2 * random() - 1) * width
  // A prime step, so that no two rows are the same.
  for (let start = mostDrawn; start < size; start += mostDrawn - 15)
    values.set(values.subarray(0, Math.min(mostDrawn - 15, size - start)), start)
  return values
}

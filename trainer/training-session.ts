import type { NamedTensor } from './checkpoint/safetensors.ts'
import { hashSeed, seededMask } from './data/random.ts'
import { differentiate } from './autodiff/differentiate.ts'
import { shapesOfRows } from './graph/known-shapes.ts'
import { lower } from './graph/lower.ts'
import type { LoweredGraph } from './graph/lower.ts'
import { encodeOnnxModel } from './graph/onnx-model.ts'
import { onnxOperators } from './graph/onnx-operators.ts'
import { mul } from './graph/ops.ts'
import { input } from './graph/tensor.ts'
import type { InputTensor, Tensor } from './graph/tensor.ts'
import type { FeedBatch, LargestBatch } from './kinds/kind.ts'
import { kindOf } from './kinds/kinds.ts'
import type { Trained } from './lora/trained.ts'
import { storedLinear, trainableLora } from './lora/wrap.ts'
import { baseLinear } from './models/architecture.ts'
import type { Model } from './models/registry.ts'
import type { Parameters } from './models/weights.ts'
import { dropoutBank } from './nn/dropout.ts'
import type { DropoutBank, SymbolSizes } from './nn/dropout.ts'
import type { Linear, LinearWeight } from './nn/layers.ts'
import { recomputedBlocks } from './nn/recomputed-blocks.ts'
import type { Block, RecomputedPart } from './nn/recomputed-blocks.ts'
import { openSession } from './session.ts'
import type { Provider, Session, Value } from './session.ts'

/** What is trained, by name; the values change in place. */
export type TrainableParameters = ReadonlyMap<string, NamedTensor>
export type Gradients = ReadonlyMap<string, Float32Array>

/** What a graph needs of a model. */
export type TrainedModel = Pick<Model, 'architecture' | 'frozen'>

export interface TrainingGraphOptions {
  readonly trained: Trained
  readonly labelSmoothing: number
  readonly dropout: number
  readonly loraDropout: number
  readonly fusedNorms: boolean
  /** False for the loss alone, as validation wants it. */
  readonly withGradients: boolean
  /** See `BuildContext`. */
  readonly targetLength?: number
  /** What is computed again in the backward pass (see `recomputedBlocks`); by default nothing. */
  readonly gradientCheckpointing?: 'none' | RecomputedPart
  /** Puts feeds in the place of blocks (see `findFrozenBlocks`). */
  readonly replaceBlocks?: (next: Block | undefined) => Block
}

export interface TrainingGraph {
  readonly model: Uint8Array
  /** The names of all feeds that the graph takes. */
  readonly inputs: ReadonlySet<string>
  readonly leaves: readonly InputTensor[]
  readonly banks: readonly DropoutBank[]
}

export interface TrainingSessionOptions {
  readonly threads: number
  readonly provider: Provider
  readonly seed: number
  /** Decides how long the dropout banks are. */
  readonly largest: LargestBatch
}

export interface TrainingSession {
  /**
   * The loss of a batch, `lossScale` times what its graph sums up, and the gradient by every trainable
   * parameter (none from a graph without gradients). `step` names the draw of the dropout masks: the same number gives the same masks.
   */
  gradients(
    parameters: TrainableParameters,
    batch: FeedBatch,
    options: { lossScale: number; step: number },
  ): Promise<{ readonly loss: number; readonly gradients: Gradients }>
  dispose(): Promise<void>
}

// Windows start anywhere in this much more than the largest needs, so that masks differ from step to step.
const bankSlack = 1 << 20

/**
 * Builds the graph of a training step: the loss of a batch times `lossScale`, and its gradient by every leaf. The
 * frozen weights stay in the model's files.
 */
export function buildTrainingGraph(model: TrainedModel, options: TrainingGraphOptions): TrainingGraph {
  const { lowered, leaves, banks } = lowerTrainingGraph(model, options)
  return {
    model: encodeOnnxModel(lowered, shapesOfRows(lowered)),
    inputs: new Set(lowered.inputs.map(({ name }) => name)),
    leaves,
    banks,
  }
}

/** As `buildTrainingGraph`, with the nodes as they are before they are encoded. */
export function lowerTrainingGraph(
  { architecture, frozen }: TrainedModel,
  options: TrainingGraphOptions,
): Pick<TrainingGraph, 'leaves' | 'banks'> & { readonly lowered: LoweredGraph } {
  const { total, leaves, banks } = buildLoss({ architecture, frozen }, options)
  const loss = mul(total, input('lossScale', 'float32', []))
  const gradients = options.withGradients ? differentiate(loss, leaves) : []
  const outputs: Record<string, Tensor> = { loss }
  leaves.forEach((leaf, i) => {
    const gradient = gradients[i]
    if (gradient) outputs[gradientName(leaf.name)] = gradient
  })
  return {
    lowered: lower(outputs, onnxOperators),
    leaves,
    banks,
  }
}

/** The forward pass alone: the summed loss of a batch and what it is differentiated by. `block` sees each block. */
export function buildLoss(
  { architecture, frozen }: TrainedModel,
  options: TrainingGraphOptions,
  block?: Block,
): Pick<TrainingGraph, 'leaves' | 'banks'> & { readonly total: Tensor } {
  const dropout = options.dropout > 0 ? dropoutBank('dropout', options.dropout) : null
  const loraDropout =
    options.loraDropout > 0 && options.trained.targets.length > 0
      ? dropoutBank('loraDropout', options.loraDropout)
      : null
  const { parameters, linear, weight, leaves } = trainables({ architecture, frozen }, options, loraDropout)
  const { gradientCheckpointing = 'none', replaceBlocks } = options
  const again = gradientCheckpointing === 'none' ? null : recomputedBlocks(linear, gradientCheckpointing)
  const marked = block ?? (replaceBlocks ? replaceBlocks(again?.block) : again?.block)
  const total = architecture.loss(
    {
      parameters,
      fusedNorms: options.fusedNorms,
      dropout,
      weight,
      linear: again?.linear ?? linear,
      ...(options.targetLength === undefined ? {} : { targetLength: options.targetLength }),
      ...(marked ? { block: marked } : {}),
    },
    options.labelSmoothing,
  )
  return { total, leaves, banks: [dropout, loraDropout].filter((bank) => bank !== null) }
}

/** Loads a training graph. Whoever opens the session disposes of it. */
export async function openTrainingSession(
  model: TrainedModel,
  graph: TrainingGraph,
  options: TrainingSessionOptions,
): Promise<TrainingSession> {
  const session = await openSession(graph.model, {
    weightsFolder: model.frozen.folder,
    purpose: 'training',
    threads: options.threads,
    provider: options.provider,
  })
  const largest = kindOf(model.architecture).sizesOf(options.largest)
  const banks = graph.banks.map((bank) => fillBank(bank, options.seed, largest))
  return {
    async gradients(parameters, batch, { lossScale, step }) {
      const feeds: Record<string, Value> = {
        ...batch.feeds,
        lossScale: { dtype: 'float32', data: Float32Array.of(lossScale), shape: [] },
      }
      for (const [name, { shape, data }] of parameters) feeds[name] = { dtype: 'float32', data, shape }
      for (const bank of banks) Object.assign(feeds, bank(step, batch.sizes))
      return collect(session, feedsOf(feeds, graph.inputs), graph.leaves)
    },
    dispose: () => session.dispose(),
  }
}

/** The feeds that a graph takes: an architecture without some input leaves it out. */
function feedsOf(
  feeds: Readonly<Record<string, Value>>,
  inputs: ReadonlySet<string>,
): Readonly<Record<string, Value>> {
  return Object.fromEntries(Object.entries(feeds).filter(([name]) => inputs.has(name)))
}

function trainables(
  { architecture, frozen }: TrainedModel,
  { trained: { targets, whole } }: TrainingGraphOptions,
  loraDropout: DropoutBank | null,
): { parameters: Parameters; linear: Linear; weight: LinearWeight; leaves: readonly InputTensor[] } {
  const { parameters: shapes } = architecture
  const inputs = new Map(whole.map((name) => [name, input(name, 'float32', shapes.get(name) ?? [])]))
  const stored = frozen.ofManyRows ?? frozen.parameters
  const parameters: Parameters = (name) => inputs.get(name) ?? stored(name)
  const lora = trainableLora(baseLinear(parameters, shapes), targets, {
    dropout: loraDropout,
    stored: storedLinear(parameters, shapes),
    thin: frozen.narrow,
  })
  return {
    parameters,
    linear: lora.linear,
    weight: lora.weight,
    leaves: [...lora.leaves, ...inputs.values()],
  }
}

function gradientName(leaf: string): string {
  return `gradient.${leaf}`
}

async function collect(
  session: Session,
  feeds: Readonly<Record<string, Value>>,
  leaves: readonly InputTensor[],
): Promise<{ loss: number; gradients: Gradients }> {
  const results = await session.run(feeds)
  const floats = (name: string): Float32Array => {
    const data = results[name]?.data
    if (!(data instanceof Float32Array)) throw new Error(`The graph gave no ${name}.`)
    return data
  }
  return {
    loss: floats('loss')[0] ?? NaN,
    gradients: new Map(
      leaves.flatMap(({ name }) =>
        gradientName(name) in results ? [[name, floats(gradientName(name))]] : [],
      ),
    ),
  }
}

/** How many mask values a bank holds for batches up to a size. */
export function bankLength(bank: DropoutBank, largest: SymbolSizes): number {
  return Math.max(0, ...bank.windows(largest)) + bankSlack
}

/** Draws a bank's values and returns what feeds it at a step. */
function fillBank(bank: DropoutBank, seed: number, largest: SymbolSizes) {
  const data = seededMask([seed, bank.bank.name], {
    length: bankLength(bank, largest),
    rate: bank.rate,
    kept: 1 / (1 - bank.rate),
  })
  return (step: number, sizes: SymbolSizes): Record<string, Value> => {
    const offsets = bank
      .windows(sizes)
      .map((size, place) => BigInt(hashSeed(seed, bank.bank.name, step, place) % (data.length - size + 1)))
    const starts: Value = { dtype: 'int64', data: BigInt64Array.from(offsets), shape: [offsets.length] }
    return {
      [bank.bank.name]: { dtype: 'float32', data, shape: [data.length] },
      ...Object.fromEntries(bank.offsets.map(({ name }) => [name, starts])),
    }
  }
}

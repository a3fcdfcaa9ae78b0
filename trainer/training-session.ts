import type { NamedTensor } from './checkpoint/safetensors.ts'
import type { PaddedBatch } from './data/batches.ts'
import { hashSeed, seededRandom } from './data/random.ts'
import { differentiate } from './autodiff/differentiate.ts'
import { lower } from './graph/lower.ts'
import { encodeOnnxModel } from './graph/onnx-model.ts'
import { onnxOperators } from './graph/onnx-operators.ts'
import { mul } from './graph/ops.ts'
import { input } from './graph/tensor.ts'
import type { InputTensor, Tensor } from './graph/tensor.ts'
import type { LoraTarget } from './lora/targets.ts'
import { trainableLora } from './lora/wrap.ts'
import { baseLinear } from './models/architecture.ts'
import type { Model } from './models/registry.ts'
import { frozenParameters } from './models/weights.ts'
import type { Parameters } from './models/weights.ts'
import { dropoutBank } from './nn/dropout.ts'
import type { DropoutBank } from './nn/dropout.ts'
import { openSession } from './session.ts'
import type { Provider, Session, Value } from './session.ts'

/** What is trained, by name; the values change in place. */
export type TrainableParameters = ReadonlyMap<string, NamedTensor>
export type Gradients = ReadonlyMap<string, Float32Array>

export interface TrainingGraphOptions {
  /** The adapted layers, or null to train every weight. */
  readonly targets: readonly LoraTarget[] | null
  readonly labelSmoothing: number
  readonly dropout: number
  readonly loraDropout: number
  readonly fusedNorms: boolean
  /** False for the loss alone, as validation wants it. */
  readonly withGradients: boolean
}

export interface TrainingGraph {
  readonly model: Uint8Array
  readonly leaves: readonly InputTensor[]
  readonly banks: readonly DropoutBank[]
}

/** The sizes of the largest batch that will be fed, which decides how long the dropout banks are. */
export interface LargestBatch {
  readonly batch: number
  readonly source: number
  readonly target: number
}

export interface TrainingSessionOptions {
  readonly threads: number
  readonly provider: Provider
  readonly seed: number
  readonly largest: LargestBatch
}

export interface TrainingSession {
  /**
   * The loss of a batch, `lossScale` times its summed cross-entropy, and the gradient by every trainable
   * parameter (none from a graph without gradients). `step` names the draw of the dropout masks: the same number gives the same masks.
   */
  gradients(
    parameters: TrainableParameters,
    batch: PaddedBatch,
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
export function buildTrainingGraph(model: Model, options: TrainingGraphOptions): TrainingGraph {
  const { architecture } = model
  const dropout = options.dropout > 0 ? dropoutBank('dropout', options.dropout) : null
  const loraDropout =
    options.loraDropout > 0 && options.targets ? dropoutBank('loraDropout', options.loraDropout) : null
  const { parameters, linear, leaves } = trainables(model, options, loraDropout)
  const total = architecture.loss(
    { parameters, linear, fusedNorms: options.fusedNorms, dropout },
    options.labelSmoothing,
  )
  const loss = mul(total, input('lossScale', 'float32', []))
  const gradients = options.withGradients ? differentiate(loss, leaves) : []
  const outputs: Record<string, Tensor> = { loss }
  leaves.forEach((leaf, i) => {
    const gradient = gradients[i]
    if (gradient) outputs[gradientName(leaf.name)] = gradient
  })
  return {
    model: encodeOnnxModel(lower(outputs, onnxOperators)),
    leaves,
    banks: [dropout, loraDropout].filter((bank) => bank !== null),
  }
}

/** Loads a training graph. Whoever opens the session disposes of it. */
export async function openTrainingSession(
  model: Model,
  graph: TrainingGraph,
  options: TrainingSessionOptions,
): Promise<TrainingSession> {
  const session = await openSession(graph.model, {
    weightsFolder: model.weights.folder,
    purpose: 'training',
    threads: options.threads,
    provider: options.provider,
  })
  const banks = graph.banks.map((bank) => fillBank(bank, options))
  return {
    async gradients(parameters, batch, { lossScale, step }) {
      const feeds: Record<string, Value> = {
        ...batchFeeds(batch),
        lossScale: { dtype: 'float32', data: Float32Array.of(lossScale), shape: [] },
      }
      for (const [name, { shape, data }] of parameters) feeds[name] = { dtype: 'float32', data, shape }
      for (const bank of banks) Object.assign(feeds, bank(step, batch))
      return collect(session, feeds, graph.leaves)
    },
    dispose: () => session.dispose(),
  }
}

/** The feeds that every loss graph takes. */
export function batchFeeds(batch: PaddedBatch): Record<string, Value> {
  const { batch: rows, sourceLength, targetLength } = batch
  return {
    inputIds: { dtype: 'int64', data: batch.inputIds, shape: [rows, sourceLength] },
    attentionMask: { dtype: 'float32', data: batch.attentionMask, shape: [rows, sourceLength] },
    decoderInputIds: { dtype: 'int64', data: batch.decoderInputIds, shape: [rows, targetLength] },
    labels: { dtype: 'int64', data: batch.labels, shape: [batch.labels.length] },
    labelRows: { dtype: 'int64', data: batch.labelRows, shape: [batch.labelRows.length] },
  }
}

function trainables(
  model: Model,
  { targets }: TrainingGraphOptions,
  loraDropout: DropoutBank | null,
): { parameters: Parameters; linear: ReturnType<typeof baseLinear>; leaves: readonly InputTensor[] } {
  if (targets) {
    const parameters = frozenParameters(model.weights)
    const lora = trainableLora(baseLinear(parameters), targets, {
      dropout: loraDropout,
      weightOf: (path) => parameters(`${path}.weight`),
    })
    return { parameters, linear: lora.linear, leaves: lora.leaves }
  }
  const inputs = new Map(
    [...model.architecture.parameters].map(([name, shape]) => [name, input(name, 'float32', shape)]),
  )
  const parameters: Parameters = (name) => {
    const leaf = inputs.get(name)
    if (!leaf) throw new Error(`There is no parameter ${name}.`)
    return leaf
  }
  return { parameters, linear: baseLinear(parameters), leaves: [...inputs.values()] }
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

/** Draws a bank's values and returns what feeds it at a step. */
function fillBank(bank: DropoutBank, { seed, largest }: TrainingSessionOptions) {
  const sizesOf = (batch: number, source: number, target: number) => ({ batch, source, target })
  const longest = Math.max(0, ...bank.windows(sizesOf(largest.batch, largest.source, largest.target)))
  const random = seededRandom(seed, bank.bank.name)
  const kept = 1 / (1 - bank.rate)
  const data = Float32Array.from({ length: longest + bankSlack }, () => (random() < bank.rate ? 0 : kept))
  return (step: number, batch: PaddedBatch): Record<string, Value> => {
    const windows = bank.windows(sizesOf(batch.batch, batch.sourceLength, batch.targetLength))
    const offsets = windows.map((size, place) =>
      BigInt(hashSeed(seed, bank.bank.name, step, place) % (data.length - size + 1)),
    )
    const starts: Value = { dtype: 'int64', data: BigInt64Array.from(offsets), shape: [offsets.length] }
    return {
      [bank.bank.name]: { dtype: 'float32', data, shape: [data.length] },
      ...Object.fromEntries(bank.offsets.map(({ name }) => [name, starts])),
    }
  }
}

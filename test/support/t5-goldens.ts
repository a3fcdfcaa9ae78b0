import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { differentiate } from '../../trainer/autodiff/differentiate.ts'
import type { NamedTensor } from '../../trainer/checkpoint/safetensors.ts'
import type { GenerateOptions } from '../../trainer/generate/options.ts'
import { lower } from '../../trainer/graph/lower.ts'
import { encodeOnnxModel } from '../../trainer/graph/onnx-model.ts'
import { onnxOperators } from '../../trainer/graph/onnx-operators.ts'
import { mul } from '../../trainer/graph/ops.ts'
import { constant, input } from '../../trainer/graph/tensor.ts'
import type { Tensor } from '../../trainer/graph/tensor.ts'
import { loadAdapter } from '../../trainer/lora/peft-adapter.ts'
import type { Adapter } from '../../trainer/lora/peft-adapter.ts'
import type { Trained } from '../../trainer/lora/trained.ts'
import { storedLinear, trainableLora } from '../../trainer/lora/wrap.ts'
import { baseLinear } from '../../trainer/models/architecture.ts'
import { openModel } from '../../trainer/models/registry.ts'
import type { Model } from '../../trainer/models/registry.ts'
import { frozenParameters, readWeights } from '../../trainer/models/weights.ts'
import type { Parameters } from '../../trainer/models/weights.ts'
import { openSession } from '../../trainer/session.ts'
import type { Value } from '../../trainer/session.ts'
import { paddedFeeds } from './padded-batch.ts'
import type { PaddedBatch } from './padded-batch.ts'
import { goldenBatch, goldensFolder, readGoldens } from './goldens.ts'
import type { Golden } from './goldens.ts'

export const t5Names = ['t5-v1.0', 't5-flan'] as const
export type T5Name = (typeof t5Names)[number]
export const adapterNames = ['adapter-qv', 'adapter-all-linear'] as const
export type AdapterName = (typeof adapterNames)[number]

/** What golden.json holds, see test/reference/README.md. */
export interface GoldenFacts {
  readonly losses: Readonly<Record<string, number>>
  readonly curves: Readonly<Record<'float64' | 'float32', Readonly<Record<string, GoldenCurve>>>>
  readonly maxNewTokens: number
  readonly generation: Readonly<Record<string, Readonly<Record<string, GoldenVariant>>>>
}
export interface GoldenCurve {
  readonly loss: readonly number[]
  readonly gradientNorm: readonly number[]
  readonly learningRate: readonly number[]
  readonly finalLoss: Readonly<Record<string, number>>
}
export interface GoldenVariant {
  readonly options: Readonly<Record<string, number | boolean>>
  readonly main: { readonly ids: readonly number[][]; readonly scores?: readonly number[] }
  readonly long: { readonly ids: readonly number[][]; readonly scores?: readonly number[] }
}

export interface T5Case {
  readonly name: T5Name
  readonly folder: string
  readonly model: Model
  readonly goldens: ReadonlyMap<string, Golden>
  readonly facts: GoldenFacts
  readonly adapters: Readonly<Record<AdapterName, Adapter>>
  batch(name: string): PaddedBatch
}

export async function openT5Case(name: T5Name): Promise<T5Case> {
  const folder = join(goldensFolder, name)
  const model = await openModel(join(folder, 'model'))
  const goldens = await readGoldens(join(folder, 'golden.safetensors'))
  const load = (adapter: string) => loadAdapter(join(folder, adapter), model.architecture)
  return {
    name,
    folder,
    model,
    goldens,
    facts: JSON.parse(readFileSync(join(folder, 'golden.json'), 'utf8')) as GoldenFacts,
    adapters: {
      'adapter-qv': await load('adapter-qv'),
      'adapter-all-linear': await load('adapter-all-linear'),
    },
    batch: (batch) => goldenBatch(goldens, batch),
  }
}

/** The parameters that are trained: an adapter's, or every weight of the model. */
export async function parametersOf(
  { model }: T5Case,
  adapter: Adapter | null,
): Promise<ReadonlyMap<string, NamedTensor>> {
  return adapter
    ? adapter.parameters
    : readWeights(model.weights, model.architecture.parameters, [...model.architecture.parameters.keys()])
}

export interface ModelRun {
  readonly adapter: Adapter | null
  readonly fusedNorms: boolean
  /** Forms `W + scale·B·A` instead of two products. */
  readonly merged: boolean
}

/** The logits `[rows, target, vocabulary]` of a model, by the graph that `logits` builds. */
export async function logitsOf(
  model: Model,
  batch: PaddedBatch,
  { adapter, fusedNorms, merged }: ModelRun,
): Promise<Float32Array> {
  const { linear, parameters } = linearOf(model, adapter, merged)
  const { architecture } = model
  if (architecture.kind !== 'seq2seq') throw new Error('The golden is no T5.')
  const logits = architecture.logits({ parameters, linear, fusedNorms, dropout: null })
  const { logits: result } = await runModel(
    model,
    { logits },
    { ...paddedFeeds(batch).feeds, ...adapterFeeds(adapter) },
  )
  if (!(result?.data instanceof Float32Array)) throw new Error('The graph gave no logits.')
  // The last token belongs to no row.
  return result.data.subarray(0, -model.architecture.config.vocabularySize)
}

/** The mean loss of a batch and its gradient by every adapter matrix, the layers as two thin products. */
export async function lowRankGradients(
  model: Model,
  batch: PaddedBatch,
  adapter: Adapter,
): Promise<{ readonly loss: number; readonly gradients: ReadonlyMap<string, Float32Array> }> {
  const { linear, leaves, parameters } = linearOf(model, adapter, false)
  const total = model.architecture.loss({ parameters, linear, fusedNorms: true, dropout: null }, 0)
  const loss = mul(total, constant(1 / batch.labels.length))
  const outputs: Record<string, Tensor> = { loss }
  const gradients = differentiate(loss, leaves)
  leaves.forEach((leaf, i) => (outputs[`gradient.${leaf.name}`] = gradients[i] ?? loss))
  const results = await runModel(model, outputs, { ...paddedFeeds(batch).feeds, ...adapterFeeds(adapter) })
  return {
    loss: Number(results['loss']?.data[0]),
    gradients: new Map(
      leaves.map(({ name }) => [name, Float32Array.from(results[`gradient.${name}`]?.data ?? [], Number)]),
    ),
  }
}

function linearOf(model: Model, adapter: Adapter | null, merged: boolean) {
  const shapes = model.architecture.parameters
  const frozen = frozenParameters(model.weights, shapes)
  const saved = new Map(
    (adapter?.savedModules ?? []).map((name) => [name, input(name, 'float32', shapes.get(name) ?? [])]),
  )
  const parameters: Parameters = (name) => saved.get(name) ?? frozen(name)
  const { linear, leaves } = trainableLora(baseLinear(parameters, shapes), adapter?.targets ?? [], {
    dropout: null,
    stored: storedLinear(parameters, shapes),
    thin: !merged,
  })
  return { parameters, linear, leaves: [...leaves, ...saved.values()] }
}

function adapterFeeds(adapter: Adapter | null): Record<string, Value> {
  return Object.fromEntries(
    [...(adapter?.parameters ?? [])].map(([name, { shape, data }]) => [
      name,
      { dtype: 'float32', shape, data },
    ]),
  )
}

async function runModel(
  model: Model,
  outputs: Readonly<Record<string, Tensor>>,
  feeds: Readonly<Record<string, Value>>,
): Promise<Readonly<Record<string, Value>>> {
  const graph = lower(outputs, onnxOperators)
  const needed = new Set(graph.inputs.map(({ name }) => name))
  const session = await openSession(encodeOnnxModel(graph), {
    weightsFolder: model.weights.folder,
    purpose: 'training',
    threads: 1,
    provider: 'cpu',
  })
  try {
    return await session.run(Object.fromEntries(Object.entries(feeds).filter(([name]) => needed.has(name))))
  } finally {
    await session.dispose()
  }
}

/** A golden variant's options under our names. */
export function generateOptions(
  { maxNewTokens }: GoldenFacts,
  { options }: GoldenVariant,
): GenerateOptions & { readonly numBeams: number } {
  const number = (name: string) =>
    options[name] === undefined ? {} : { [camelCase(name)]: Number(options[name]) }
  const known = [
    'num_beams',
    'length_penalty',
    'early_stopping',
    'no_repeat_ngram_size',
    'repetition_penalty',
  ]
  const unknown = Object.keys(options).filter((name) => !known.includes(name))
  if (unknown.length > 0) throw new Error(`The variant sets ${unknown.join(', ')}.`)
  return {
    eosTokenId: 1,
    padTokenId: 0,
    maxNewTokens,
    ...number('length_penalty'),
    ...number('no_repeat_ngram_size'),
    ...number('repetition_penalty'),
    earlyStopping: options['early_stopping'] === true,
    numBeams: Number(options['num_beams'] ?? 1),
  }
}

function camelCase(name: string): string {
  return name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase())
}

/** Every weight of a model, as full fine-tuning trains it. */
export function wholeModel({ architecture }: Model): Trained {
  return { method: 'full', targets: [], whole: [...architecture.parameters.keys()] }
}

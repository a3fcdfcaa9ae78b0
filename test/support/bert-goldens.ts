import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { readSafetensors } from '../../trainer/checkpoint/safetensors.ts'
import type { NamedTensor } from '../../trainer/checkpoint/safetensors.ts'
import { extractiveKind } from '../../trainer/kinds/extractive.ts'
import { lower } from '../../trainer/graph/lower.ts'
import { encodeOnnxModel } from '../../trainer/graph/onnx-model.ts'
import { onnxOperators } from '../../trainer/graph/onnx-operators.ts'
import { input } from '../../trainer/graph/tensor.ts'
import type { FeedBatch } from '../../trainer/kinds/kind.ts'
import type { LoraTarget } from '../../trainer/lora/targets.ts'
import type { Trained } from '../../trainer/lora/trained.ts'
import { loraA, storedLinear, trainableLora } from '../../trainer/lora/wrap.ts'
import { baseLinear } from '../../trainer/models/architecture.ts'
import type { ExtractiveArchitecture } from '../../trainer/models/architecture.ts'
import { openModel } from '../../trainer/models/registry.ts'
import type { Model } from '../../trainer/models/registry.ts'
import { frozenParameters, readWeights } from '../../trainer/models/weights.ts'
import type { Parameters } from '../../trainer/models/weights.ts'
import { openSession } from '../../trainer/session.ts'
import type { Value } from '../../trainer/session.ts'
import { golden, goldensFolder, readGoldens } from './goldens.ts'
import type { Golden } from './goldens.ts'
import { integerValues } from './run-graph.ts'
import type { GoldenCurve } from './t5-goldens.ts'

export const bertCases = ['bert', 'distilbert'] as const
export const bertVariants = ['full', 'adapter-qv', 'adapter-all-linear'] as const
export type BertVariant = (typeof bertVariants)[number]

/** What golden.json holds, see test/reference/README.md. */
export interface BertFacts {
  readonly losses: Readonly<Record<string, number>>
  readonly curves: Readonly<Record<'float64' | 'float32', Readonly<Record<string, GoldenCurve>>>>
}

export interface BertCase {
  readonly model: Model
  readonly architecture: ExtractiveArchitecture
  readonly goldens: ReadonlyMap<string, Golden>
  readonly facts: BertFacts
  /** What is trained: an adapter's matrices and the span head, or every weight. */
  variant(name: BertVariant): Promise<GoldenTrained>
  batch(name: string): FeedBatch
}

export interface GoldenTrained {
  readonly trained: Trained
  readonly parameters: ReadonlyMap<string, NamedTensor>
}

export async function openBertCase(name: (typeof bertCases)[number]): Promise<BertCase> {
  const folder = join(goldensFolder, name)
  const model = await openModel(join(folder, 'model'))
  const { architecture } = model
  if (architecture.kind !== 'extractive') throw new Error(`${name} is ${architecture.kind}.`)
  const goldens = await readGoldens(join(folder, 'golden.safetensors'))
  const { parameters } = architecture
  return {
    model,
    architecture,
    goldens,
    facts: JSON.parse(readFileSync(join(folder, 'golden.json'), 'utf8')) as BertFacts,
    variant: async (variant) => {
      const names = [...parameters.keys()]
      return variant === 'full'
        ? {
            trained: { method: 'full', targets: [], whole: names },
            parameters: await readWeights(model.weights, parameters, names),
          }
        : readVariant(join(folder, variant, 'adapter_model.safetensors'), architecture)
    },
    batch(name) {
      const read = (key: string): Value => {
        const { data, shape } = golden(goldens, `inputs/${name}/${key}`)
        return integerValues([...data], shape)
      }
      const mask = golden(goldens, `inputs/${name}/attention_mask`)
      const [batch = 0, length = 0] = mask.shape
      const row = (key: string, index: number) => {
        const { data } = golden(goldens, `inputs/${name}/${key}`)
        return [...data.subarray(index * length, (index + 1) * length)]
      }
      const position = (key: string, index: number) =>
        golden(goldens, `inputs/${name}/${key}`).data[index] ?? 0
      const items = Array.from({ length: batch }, (_, index) => ({
        sourceIds: row('input_ids', index).filter((_, i) => row('attention_mask', index)[i] === 1),
        contextStart: row('token_type_ids', index).indexOf(1),
        targetIds: [position('start_positions', index), position('end_positions', index)],
        exampleIndex: index,
      }))
      const packed = extractiveKind(architecture).collate(items)
      // Those of answering, which is padded, and those of training.
      const padded = {
        inputIds: read('input_ids'),
        attentionMask: { dtype: 'float32', ...mask },
        tokenTypeIds: read('token_type_ids'),
      } as const
      return { ...packed, feeds: { ...padded, ...packed.feeds } }
    },
  }
}

/** Start and end logits `[rows, length]`, from the graph that `spans` builds. */
export async function spanLogitsOf(
  { model, architecture }: BertCase,
  variant: GoldenTrained,
  feeds: Readonly<Record<string, Value>>,
  fusedNorms: boolean,
): Promise<Readonly<Record<'startLogits' | 'endLogits', Float32Array>>> {
  const given = new Map(
    [...variant.parameters].map(([name, { shape }]) => [name, input(name, 'float32', shape)]),
  )
  const frozen = frozenParameters(model.weights, architecture.parameters)
  const parameters: Parameters = (name) => given.get(name) ?? frozen(name)
  const { linear } = trainableLora(baseLinear(parameters, architecture.parameters), variant.trained.targets, {
    dropout: null,
    stored: storedLinear(parameters, architecture.parameters),
    thin: true,
  })
  const graph = lower(architecture.spans({ parameters, linear, fusedNorms, dropout: null }), onnxOperators)
  const session = await openSession(encodeOnnxModel(graph), {
    weightsFolder: model.weights.folder,
    purpose: 'training',
    threads: 1,
    provider: 'cpu',
  })
  const fed: Record<string, Value> = { ...feeds }
  for (const [name, { shape, data }] of variant.parameters) fed[name] = { dtype: 'float32', shape, data }
  const needed = new Set(graph.inputs.map(({ name }) => name))
  try {
    const results = await session.run(
      Object.fromEntries(Object.entries(fed).filter(([name]) => needed.has(name))),
    )
    const floats = (name: string) => Float32Array.from(results[name]?.data ?? [], Number)
    return { startLogits: floats('startLogits'), endLogits: floats('endLogits') }
  } finally {
    await session.dispose()
  }
}

async function readVariant(path: string, architecture: ExtractiveArchitecture): Promise<GoldenTrained> {
  const parameters = new Map(
    [...(await readSafetensors(path))].map(([name, tensor]) => [
      name.replace('base_model.model.', ''),
      tensor,
    ]),
  )
  const targets = [...architecture.linears].flatMap(([path, [out, into]]): LoraTarget[] =>
    parameters.has(loraA(path)) ? [{ path, out, into, rank: 4, scale: 2, dora: false }] : [],
  )
  return {
    trained: { method: 'lora', targets, whole: [...architecture.freshParameters] },
    parameters,
  }
}

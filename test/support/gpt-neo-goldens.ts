import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { NamedTensor } from '../../trainer/checkpoint/safetensors.ts'
import type { RowItem } from '../../trainer/data/pack-rows.ts'
import { lower } from '../../trainer/graph/lower.ts'
import { encodeOnnxModel } from '../../trainer/graph/onnx-model.ts'
import { onnxOperators } from '../../trainer/graph/onnx-operators.ts'
import type { Tensor } from '../../trainer/graph/tensor.ts'
import { causalKind } from '../../trainer/kinds/causal.ts'
import { loadAdapter } from '../../trainer/lora/peft-adapter.ts'
import type { Adapter } from '../../trainer/lora/peft-adapter.ts'
import { storedLinear, trainableLora } from '../../trainer/lora/wrap.ts'
import { baseLinear } from '../../trainer/models/architecture.ts'
import type { BuildContext, CausalArchitecture } from '../../trainer/models/architecture.ts'
import { openModel } from '../../trainer/models/registry.ts'
import type { Model } from '../../trainer/models/registry.ts'
import { frozenParameters, readWeights } from '../../trainer/models/weights.ts'
import { openSession } from '../../trainer/session.ts'
import type { Session, Value } from '../../trainer/session.ts'
import { golden, goldensFolder, readGoldens } from './goldens.ts'
import type { Golden } from './goldens.ts'
import type { GoldenCurve } from './t5-goldens.ts'

export const gptNeoAdapters = ['adapter-qv', 'adapter-all-linear'] as const
export type GptNeoAdapter = (typeof gptNeoAdapters)[number]

/** What golden.json holds, see test/reference/README.md. */
export interface GptNeoFacts {
  readonly losses: Readonly<Record<string, number>>
  readonly curves: Readonly<Record<'float64' | 'float32', Readonly<Record<string, GoldenCurve>>>>
  readonly maxNewTokens: number
  readonly generation: Readonly<Record<string, Readonly<Record<string, GptNeoVariant>>>>
}
export interface GptNeoVariant {
  readonly options: Readonly<Record<string, number | boolean>>
  readonly even: { readonly ids: readonly number[][]; readonly scores?: readonly number[] }
  readonly uneven: { readonly ids: readonly number[][]; readonly scores?: readonly number[] }
}

export interface GptNeoCase {
  readonly folder: string
  readonly model: Model
  readonly architecture: CausalArchitecture
  readonly goldens: ReadonlyMap<string, Golden>
  readonly facts: GptNeoFacts
  readonly adapters: Readonly<Record<GptNeoAdapter, Adapter>>
  /** The rows of a golden batch: what carries no label as the source, what carries one as the target. */
  items(batch: string): readonly RowItem[]
  /** The prompts of a golden batch without their padding. */
  prompts(batch: string): readonly (readonly number[])[]
}

export async function openGptNeoCase(): Promise<GptNeoCase> {
  const folder = join(goldensFolder, 'gpt-neo')
  const model = await openModel(join(folder, 'model'))
  const { architecture } = model
  if (architecture.kind !== 'causal') throw new Error('The model is not causal.')
  const goldens = await readGoldens(join(folder, 'golden.safetensors'))
  const load = (adapter: string) => loadAdapter(join(folder, adapter), architecture)
  return {
    folder,
    model,
    architecture,
    goldens,
    facts: JSON.parse(readFileSync(join(folder, 'golden.json'), 'utf8')) as GptNeoFacts,
    adapters: {
      'adapter-qv': await load('adapter-qv'),
      'adapter-all-linear': await load('adapter-all-linear'),
    },
    items: (batch) => {
      const labels = rowsOf(golden(goldens, `inputs/${batch}/labels`))
      return unpadded(goldens, batch).map((ids, row) => {
        const first = labels[row]?.findIndex((label) => label !== -100) ?? 0
        return { sourceIds: ids.slice(0, first), targetIds: ids.slice(first) }
      })
    },
    prompts: (batch) => unpadded(goldens, batch),
  }
}

/** The parameters that are trained: an adapter's, or every weight of the model. */
export async function gptNeoParameters(
  { model, architecture }: GptNeoCase,
  adapter: Adapter | null,
): Promise<ReadonlyMap<string, NamedTensor>> {
  if (adapter) return adapter.parameters
  return readWeights(model.weights, architecture.parameters, [...architecture.parameters.keys()])
}

/** Loads graphs that are built from the frozen model with an adapter fed. Whoever opens it disposes of it. */
export async function openGptNeoGraph(
  { model, architecture }: GptNeoCase,
  build: (context: BuildContext, architecture: CausalArchitecture) => Readonly<Record<string, Tensor>>,
  options: { readonly adapter: Adapter | null; readonly fusedNorms: boolean },
): Promise<Session> {
  const { parameters: shapes } = architecture
  const parameters = frozenParameters(model.weights, shapes)
  const { linear } = trainableLora(baseLinear(parameters, shapes), options.adapter?.targets ?? [], {
    dropout: null,
    stored: storedLinear(parameters, shapes),
    thin: true,
  })
  const { fusedNorms, adapter } = options
  const graph = lower(build({ parameters, linear, fusedNorms, dropout: null }, architecture), onnxOperators)
  const needed = new Set(graph.inputs.map(({ name }) => name))
  const session = await openSession(encodeOnnxModel(graph), {
    weightsFolder: model.weights.folder,
    purpose: 'training',
    threads: 1,
    provider: 'cpu',
  })
  const fed = adapterFeeds(adapter)
  return {
    run: (feeds) =>
      session.run(
        Object.fromEntries(Object.entries({ ...feeds, ...fed }).filter(([name]) => needed.has(name))),
      ),
    dispose: () => session.dispose(),
  }
}

/** The logits of every token of some texts, text by text, `[tokens, vocabulary]`, the texts packed into rows. */
export async function gptNeoLogits(
  gptNeo: GptNeoCase,
  texts: readonly (readonly number[])[],
  options: { readonly adapter: Adapter | null; readonly fusedNorms: boolean },
): Promise<Float32Array> {
  const { vocabularySize, padTokenId } = gptNeo.architecture.config
  // What is to be predicted last stands for nothing: it lets the whole text be fed.
  const items = texts.map(([first = 0, ...rest], exampleIndex) => ({
    sourceIds: [first],
    targetIds: [...rest, padTokenId],
    exampleIndex,
  }))
  const { feeds } = causalKind(gptNeo.architecture).collate(items)
  const session = await openGptNeoGraph(
    gptNeo,
    (context, architecture) => ({ logits: architecture.logits(context) }),
    options,
  )
  try {
    const { logits } = await session.run(feeds)
    if (!(logits?.data instanceof Float32Array)) throw new Error('The graph gave no logits.')
    // The last token belongs to no text.
    return logits.data.subarray(0, -vocabularySize)
  } finally {
    await session.dispose()
  }
}

function unpadded(goldens: ReadonlyMap<string, Golden>, batch: string): readonly (readonly number[])[] {
  const mask = rowsOf(golden(goldens, `inputs/${batch}/attention_mask`))
  return rowsOf(golden(goldens, `inputs/${batch}/input_ids`)).map((ids, row) =>
    ids.filter((_, i) => mask[row]?.[i] === 1),
  )
}

function rowsOf({ shape, data }: Golden): readonly (readonly number[])[] {
  const [rows = 0, length = 0] = shape
  return Array.from({ length: rows }, (_, row) => [...data.subarray(row * length, (row + 1) * length)])
}

function adapterFeeds(adapter: Adapter | null): Record<string, Value> {
  return Object.fromEntries(
    [...(adapter?.parameters ?? [])].map(([name, { shape, data }]) => [
      name,
      { dtype: 'float32', shape, data },
    ]),
  )
}

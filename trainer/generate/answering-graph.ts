import { lower } from '../graph/lower.ts'
import { encodeOnnxModel } from '../graph/onnx-model.ts'
import { onnxOperators } from '../graph/onnx-operators.ts'
import { input } from '../graph/tensor.ts'
import type { Tensor } from '../graph/tensor.ts'
import type { Adapter } from '../lora/peft-adapter.ts'
import { storedLinear, swappableLora } from '../lora/wrap.ts'
import { baseLinear } from '../models/architecture.ts'
import type { BuildContext } from '../models/architecture.ts'
import type { Model } from '../models/registry.ts'
import type { Parameters } from '../models/weights.ts'
import { openSession } from '../session.ts'
import type { Provider, Value } from '../session.ts'
import { adapterFeeder } from './adapter-feeds.ts'
import type { Adaptable, AdapterFeeds } from './adapter-feeds.ts'

export interface AnsweringOptions {
  /** The layers that adapters may adapt; empty for the base model alone, which then needs no extra products. */
  readonly adaptable: readonly string[]
  /** Those of them where adapters may have DoRA. */
  readonly dora?: readonly string[]
  /** Parameters that adapters may have values of their own for. */
  readonly replaceable?: readonly string[]
  readonly threads: number
  readonly provider: Provider
  readonly fusedNorms: boolean
}

/** What a session must be opened for so that each of some adapters can be fed. */
export function neededBy(
  adapters: readonly (Adapter | null)[],
): Required<Pick<AnsweringOptions, 'adaptable' | 'dora' | 'replaceable'>> {
  const targets = adapters.flatMap((adapter) => adapter?.targets ?? [])
  return {
    adaptable: [...new Set(targets.map(({ path }) => path))],
    dora: [...new Set(targets.filter(({ dora }) => dora).map(({ path }) => path))],
    replaceable: [...new Set(adapters.flatMap((adapter) => adapter?.savedModules ?? []))],
  }
}

/** A loaded graph that answers as the base model does, or with an adapter that is fed with each run. */
export interface AnsweringGraph {
  /** Runs the graph; feeds that it does not take are left out. See `Session.run` for `into`. */
  run(
    feeds: Readonly<Record<string, Value>>,
    into?: Readonly<Record<string, Value | null>>,
  ): Promise<Readonly<Record<string, Value>>>
  dispose(): Promise<void>
}

/** Makes what is fed for an adapter, the same with every run; for null what makes the base model answer. */
export function feedsOfAdapters(model: Model, options: AnsweringOptions): AdapterFeeds {
  return adapterFeeder(model, adaptableOf(model, options))
}

/**
 * Loads one of a model's graphs for answering. The adapter's matrices are inputs, so that base and tuned answers come
 * from the same loaded weights.
 *
 * @throws TrainerError as `openSession` does.
 */
export async function openAnsweringGraph(
  model: Model,
  build: (context: BuildContext) => Readonly<Record<string, Tensor>>,
  options: AnsweringOptions,
): Promise<AnsweringGraph> {
  const shapes = model.architecture.parameters
  const { layers, dora, replaceable } = adaptableOf(model, options)
  const fed = new Map(replaceable.map((name) => [name, input(name, 'float32', shapes.get(name) ?? [])]))
  const parameters: Parameters = (name) => fed.get(name) ?? model.frozen.parameters(name)
  const stored = storedLinear(parameters, shapes)
  const linear = swappableLora(baseLinear(parameters, shapes), layers, { stored, dora })
  const graph = lower(
    build({ parameters, linear, fusedNorms: options.fusedNorms, dropout: null }),
    onnxOperators,
  )
  const inputs = new Set(graph.inputs.map(({ name }) => name))
  const session = await openSession(encodeOnnxModel(graph), {
    weightsFolder: model.frozen.folder,
    purpose: 'answering',
    threads: options.threads,
    provider: options.provider,
  })
  return {
    run: (feeds, into) =>
      session.run(Object.fromEntries(Object.entries(feeds).filter(([name]) => inputs.has(name))), into),
    dispose: () => session.dispose(),
  }
}

function adaptableOf(
  { architecture }: Model,
  { adaptable, dora = [], replaceable = [] }: AnsweringOptions,
): Adaptable {
  const layers = adaptable.map((path) => {
    const size = architecture.linears.get(path)
    if (!size) throw new Error(`The model has no linear layer ${path}.`)
    return [path, size] as const
  })
  for (const name of replaceable)
    if (!architecture.parameters.has(name)) throw new Error(`The model has no parameter ${name}.`)
  return { layers: new Map(layers), dora: new Set(dora), replaceable }
}

import { lower } from '../graph/lower.ts'
import { encodeOnnxModel } from '../graph/onnx-model.ts'
import { onnxOperators } from '../graph/onnx-operators.ts'
import type { Tensor } from '../graph/tensor.ts'
import type { Adapter } from '../lora/peft-adapter.ts'
import { loraA, loraB, swappableLora } from '../lora/wrap.ts'
import { baseLinear } from '../models/architecture.ts'
import type { BuildContext } from '../models/architecture.ts'
import type { Model } from '../models/registry.ts'
import { frozenParameters } from '../models/weights.ts'
import { openSession } from '../session.ts'
import type { Provider, Session, Value } from '../session.ts'
import type { StepDecoder } from './step-decoder.ts'
import { CachedDecoder } from './cached-decoder.ts'

/** A loaded model that answers: as it is, or with an adapter that is fed with each call. */
export interface AnsweringSession {
  /**
   * Runs the encoder over prompts and returns a decoder that stands at its start, with `beams` rows for each
   * prompt. Without an adapter the base model answers.
   */
  start(prompts: readonly (readonly number[])[], options: StartOptions): Promise<StepDecoder>
  dispose(): Promise<void>
}

export interface StartOptions {
  readonly adapter: Adapter | null
  readonly beams: number
}

export interface AnsweringOptions {
  /** The layers that adapters may adapt; empty for the base model alone, which then needs no extra products. */
  readonly adaptable: readonly string[]
  readonly threads: number
  readonly provider: Provider
  readonly fusedNorms: boolean
}

/**
 * Loads a model for answering: one session for the encoder, one for a step of the decoder over its cache. The
 * adapter's matrices are inputs of both, so that base and tuned answers come from the same loaded weights.
 *
 * @throws TrainerError as `openSession` does.
 */
export async function openAnsweringSession(
  model: Model,
  options: AnsweringOptions,
): Promise<AnsweringSession> {
  const { architecture } = model
  const adaptable = new Map(
    options.adaptable.map((path) => {
      const size = architecture.linears.get(path)
      if (!size) throw new Error(`The model has no linear layer ${path}.`)
      return [path, size]
    }),
  )
  const open = async (build: (context: BuildContext) => Readonly<Record<string, Tensor>>): Promise<Graph> => {
    const parameters = frozenParameters(model.weights)
    const linear = swappableLora(baseLinear(parameters), adaptable)
    const graph = lower(
      build({ parameters, linear, fusedNorms: options.fusedNorms, dropout: null }),
      onnxOperators,
    )
    const session = await openSession(encodeOnnxModel(graph), {
      weightsFolder: model.weights.folder,
      purpose: 'answering',
      threads: options.threads,
      provider: options.provider,
    })
    return { session, inputs: new Set(graph.inputs.map((value) => value.name)) }
  }
  const encoder = await open((context) => architecture.encode(context))
  const step = await open((context) => architecture.step(context)).catch(async (thrown: unknown) => {
    await encoder.session.dispose()
    throw thrown
  })
  return {
    async start(prompts, { adapter, beams }) {
      const feeds = adapterFeeds(adaptable, adapter)
      const prompt = padPrompts(prompts, architecture.config.padTokenId)
      const cross = await encoder.session.run({ ...prompt, ...pick(feeds, encoder.inputs) })
      return new CachedDecoder(step.session, architecture.config, {
        cross,
        attentionMask: prompt.attentionMask,
        constants: pick(feeds, step.inputs),
        examples: prompts.length,
        beams,
      })
    },
    async dispose() {
      await encoder.session.dispose()
      await step.session.dispose()
    },
  }
}

interface Graph {
  readonly session: Session
  readonly inputs: ReadonlySet<string>
}

/** An adapter's matrices with the scale multiplied into B; layers that it leaves alone get zeros of rank 1. */
function adapterFeeds(
  adaptable: ReadonlyMap<string, readonly [out: number, into: number]>,
  adapter: Adapter | null,
): Record<string, Value> {
  const feeds: Record<string, Value> = {}
  // One graph has one rank: smaller ones are filled up with zeros.
  const rank = Math.max(1, ...(adapter?.targets ?? []).map((target) => target.rank))
  for (const [path, [out, into]] of adaptable) {
    feeds[loraA(path)] = { dtype: 'float32', data: new Float32Array(rank * into), shape: [rank, into] }
    feeds[loraB(path)] = { dtype: 'float32', data: new Float32Array(out * rank), shape: [out, rank] }
  }
  for (const target of adapter?.targets ?? []) {
    const a = adapter?.parameters.get(loraA(target.path))?.data
    const b = adapter?.parameters.get(loraB(target.path))?.data
    const [intoA, intoB] = [feeds[loraA(target.path)]?.data, feeds[loraB(target.path)]?.data]
    if (!a || !b || !(intoA instanceof Float32Array) || !(intoB instanceof Float32Array))
      throw new Error(`The session was not opened for adapters on ${target.path}.`)
    intoA.set(a)
    for (let row = 0; row < target.out; row++)
      for (let column = 0; column < target.rank; column++)
        intoB[row * rank + column] = (b[row * target.rank + column] ?? 0) * target.scale
  }
  return feeds
}

function padPrompts(
  prompts: readonly (readonly number[])[],
  padTokenId: number,
): { readonly inputIds: Value; readonly attentionMask: Value } {
  const length = Math.max(...prompts.map((prompt) => prompt.length))
  const shape = [prompts.length, length]
  const inputIds = new BigInt64Array(prompts.length * length).fill(BigInt(padTokenId))
  const attentionMask = new Float32Array(prompts.length * length)
  prompts.forEach((prompt, row) => {
    prompt.forEach((id, i) => {
      inputIds[row * length + i] = BigInt(id)
    })
    attentionMask.fill(1, row * length, row * length + prompt.length)
  })
  return {
    inputIds: { dtype: 'int64', data: inputIds, shape },
    attentionMask: { dtype: 'float32', data: attentionMask, shape },
  }
}

function pick(feeds: Readonly<Record<string, Value>>, names: ReadonlySet<string>): Record<string, Value> {
  return Object.fromEntries(Object.entries(feeds).filter(([name]) => names.has(name)))
}

import type { NamedTensor } from '../checkpoint/safetensors.ts'
import { readRowFactors } from '../lora/merged-weight.ts'
import type { Adapter } from '../lora/peft-adapter.ts'
import { loraA, loraB, rowFactorsOf } from '../lora/wrap.ts'
import type { Model } from '../models/registry.ts'
import { readWeights } from '../models/weights.ts'
import type { Value } from '../session.ts'

/** What adapters may change of a loaded graph. */
export interface Adaptable {
  /** Layers that adapters may adapt, by module path. */
  readonly layers: ReadonlyMap<string, readonly [out: number, into: number]>
  /** Those of them whose rows adapters with DoRA may scale. */
  readonly dora: ReadonlySet<string>
  /** Parameters that adapters may have values of their own for. */
  readonly replaceable: readonly string[]
}

/** What is fed for an adapter, the same with every run; null makes the base model answer. */
export type AdapterFeeds = (adapter: Adapter | null) => Promise<Record<string, Value>>

type RowFactors = ReadonlyMap<string, Float32Array>

/**
 * Makes the feeds of adapters, once for each: their matrices with the scale multiplied into B, DoRA's factors of the
 * rows, and the parameters that they replace. The base's own values of replaceable parameters are read when they are
 * first needed.
 */
export function adapterFeeder(model: Model, adaptable: Adaptable): AdapterFeeds {
  const made = new WeakMap<object, Record<string, Value>>()
  const { replaceable } = adaptable
  let base: Promise<ReadonlyMap<string, NamedTensor>> | null = null
  return async (adapter) => {
    const ready = made.get(adapter ?? adaptable)
    if (ready) return ready
    const factors = adapter ? await readRowFactors(model, adapter.targets, adapter.parameters) : none
    const feeds = matrixFeeds(adaptable, adapter, factors)
    for (const name of replaceable) {
      const own = adapter?.savedModules.includes(name) ? adapter.parameters.get(name) : undefined
      base ??= own ? null : readWeights(model.weights, model.architecture.parameters, replaceable)
      const tensor = own ?? (await base)?.get(name)
      if (!tensor) throw new Error(`There is no ${name}.`)
      feeds[name] = { dtype: 'float32', data: tensor.data, shape: tensor.shape }
    }
    made.set(adapter ?? adaptable, feeds)
    return feeds
  }
}

const none: RowFactors = new Map()

/** An adapter's matrices; layers that it leaves alone get zeros of rank 1 and factors of 1. */
function matrixFeeds(
  { layers, dora, replaceable }: Adaptable,
  adapter: Adapter | null,
  factors: RowFactors,
): Record<string, Value> {
  const feeds: Record<string, Value> = {}
  // One graph has one rank: smaller ones are filled up with zeros.
  const rank = Math.max(1, ...(adapter?.targets ?? []).map((target) => target.rank))
  for (const [path, [out, into]] of layers) {
    feeds[loraA(path)] = { dtype: 'float32', data: new Float32Array(rank * into), shape: [rank, into] }
    feeds[loraB(path)] = { dtype: 'float32', data: new Float32Array(out * rank), shape: [out, rank] }
    if (dora.has(path))
      feeds[rowFactorsOf(path)] = {
        dtype: 'float32',
        data: factors.get(path) ?? new Float32Array(out).fill(1),
        shape: [out],
      }
  }
  const lacking = adapter?.savedModules.find((name) => !replaceable.includes(name))
  if (lacking !== undefined) throw new Error(`The session was not opened for adapters with ${lacking}.`)
  for (const target of adapter?.targets ?? []) {
    const a = adapter?.parameters.get(loraA(target.path))?.data
    const b = adapter?.parameters.get(loraB(target.path))?.data
    const [intoA, intoB] = [feeds[loraA(target.path)]?.data, feeds[loraB(target.path)]?.data]
    if (!a || !b || !(intoA instanceof Float32Array) || !(intoB instanceof Float32Array))
      throw new Error(`The session was not opened for adapters on ${target.path}.`)
    if (target.dora && !dora.has(target.path))
      throw new Error(`The session was not opened for DoRA on ${target.path}.`)
    const rows = factors.get(target.path)
    intoA.set(a)
    for (let row = 0; row < target.out; row++) {
      const factor = target.scale * (rows?.[row] ?? 1)
      for (let column = 0; column < target.rank; column++)
        intoB[row * rank + column] = (b[row * target.rank + column] ?? 0) * factor
    }
  }
  return feeds
}

import type { TrainingItem } from '../data/training-examples.ts'
import { frozenBlocksGraph } from '../frozen-blocks.ts'
import type { FrozenBlocks } from '../frozen-blocks.ts'
import { kindOf } from '../kinds/kinds.ts'
import type { Model } from '../models/registry.ts'
import { openSession } from '../session.ts'
import type { Provider, Value } from '../session.ts'
import type { TrainingSession } from '../training-session.ts'
import { keepFrozenValues } from './frozen-values.ts'

export interface FrozenPrefixOptions {
  readonly threads: number
  readonly provider: Provider
  /** Where values go that memory has no room for; null for nowhere. */
  readonly path: string | null
  readonly bytesInMemory?: number
}

/**
 * A training session whose graph starts behind the frozen blocks: feeds it what these give for each item of a batch.
 * An item goes through them by itself, once, so that what they give is a function of the item alone, bit for bit,
 * whatever batch it comes in and whether the run was resumed.
 */
export async function openFrozenPrefix(
  session: TrainingSession,
  { architecture, frozen }: Pick<Model, 'architecture' | 'frozen'>,
  blocks: FrozenBlocks,
  { threads, provider, ...store }: FrozenPrefixOptions,
): Promise<TrainingSession> {
  const graph = frozenBlocksGraph(blocks)
  const prefix = await openSession(graph.model, {
    weightsFolder: frozen.folder,
    purpose: 'training',
    threads,
    provider,
  })
  const kept = keepFrozenValues<TrainingItem>(store)
  const kind = kindOf(architecture)
  const names = [...blocks.outputs.keys()]
  const compute = async (item: TrainingItem): Promise<readonly Float32Array[]> => {
    const { feeds } = kind.collate([item])
    const results = await prefix.run(
      Object.fromEntries(Object.entries(feeds).filter(([name]) => graph.inputs.has(name))),
    )
    return names.map((name) => {
      const { data, shape: [, width = 0] = [] } = results[name] ?? {}
      if (!(data instanceof Float32Array)) throw new Error(`The graph gave no ${name}.`)
      // The last token belongs to no item.
      return data.subarray(0, data.length - width)
    })
  }
  const valuesOf = async (item: TrainingItem) => {
    const known = await kept.get(item)
    if (known) return known
    const values = await compute(item)
    await kept.add(item, values)
    return values
  }
  return {
    async gradients(parameters, batch, options) {
      if (!batch.items) throw new Error('The batch does not say which items it is made of.')
      const ofItems: (readonly Float32Array[])[] = []
      for (const item of batch.items) ofItems.push(await valuesOf(item))
      const feeds: Record<string, Value> = {}
      names.forEach((name, i) => {
        const width = Number(blocks.outputs.get(name)?.shape[1] ?? 0)
        feeds[name] = joined(
          ofItems.flatMap((values) => values[i] ?? []),
          width,
        )
      })
      return session.gradients(parameters, { ...batch, feeds: { ...batch.feeds, ...feeds } }, options)
    },
    async dispose() {
      await kept.dispose()
      await prefix.dispose()
      await session.dispose()
    },
  }
}

/** The rows of items one after another, and zeros for the last token, which belongs to none. */
function joined(parts: readonly Float32Array[], width: number): Value {
  const rows = parts.reduce((sum, { length }) => sum + length, 0) / width + 1
  const data = new Float32Array(rows * width)
  let offset = 0
  for (const part of parts) {
    data.set(part, offset)
    offset += part.length
  }
  return { dtype: 'float32', data, shape: [rows, width] }
}

import { seededRandom, shuffled } from './random.ts'

/** Token counts of one training item. */
export interface ItemLength {
  readonly source: number
  readonly target: number
}

export interface BatchPlanOptions {
  readonly batchSize: number
  readonly seed: number
  /** Counted from 0. */
  readonly epoch: number
}

const batchesPerPool = 50

/**
 * Divides the items into batches of like length, so that little is padded: the items are shuffled, sorted by
 * length within pools of 50 batches, cut into batches, and the batches shuffled. In epoch 0 the batch that
 * needs most memory comes first, so that too large a setting fails at once. A function of its arguments alone;
 * every index occurs exactly once.
 */
export function planBatches(lengths: readonly ItemLength[], options: BatchPlanOptions): number[][] {
  const { batchSize, seed, epoch } = options
  const random = seededRandom(seed, 'batches', epoch)
  const order = shuffled([...lengths.keys()], random)
  const poolSize = batchSize * batchesPerPool
  const batches: number[][] = []
  for (let start = 0; start < order.length; start += poolSize) {
    const pool = order.slice(start, start + poolSize)
    pool.sort((a, b) => compareLengths(lengths[a], lengths[b]))
    for (let i = 0; i < pool.length; i += batchSize) batches.push(pool.slice(i, i + batchSize))
  }
  const mixed = shuffled(batches, random)
  return epoch === 0 ? largestFirst(mixed, lengths) : mixed
}

function compareLengths(a: ItemLength | undefined, b: ItemLength | undefined): number {
  if (!a || !b) return 0
  return b.source - a.source || b.target - a.target
}

function largestFirst(batches: number[][], lengths: readonly ItemLength[]): number[][] {
  const paddedTokens = batches.map((batch) => {
    const longest = (part: keyof ItemLength) =>
      batch.reduce((most, i) => Math.max(most, lengths[i]?.[part] ?? 0), 0)
    return batch.length * (longest('source') + longest('target'))
  })
  const largest = paddedTokens.indexOf(paddedTokens.reduce((most, tokens) => Math.max(most, tokens), 0))
  const first = batches[largest]
  return first ? [first, ...batches.slice(0, largest), ...batches.slice(largest + 1)] : batches
}

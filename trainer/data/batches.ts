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
/** One training item as token ids; the target ends with the end token. */
export interface BatchItem {
  readonly sourceIds: readonly number[]
  readonly targetIds: readonly number[]
}

/** The feeds of one step. B rows, S = `sourceLength`, T = `targetLength`, L real labels. */
export interface PaddedBatch {
  /** [B, S] */
  readonly inputIds: BigInt64Array
  /** [B, S], 1 at real tokens and 0 at padding. */
  readonly attentionMask: Float32Array
  /** [B, T], the start token and the target without its last token. */
  readonly decoderInputIds: BigInt64Array
  /** [L], the target ids row by row, no padding among them. */
  readonly labels: BigInt64Array
  /** [L], the rows `b * T + t` of the flattened decoder output that the labels belong to. */
  readonly labelRows: BigInt64Array
  readonly batch: number
  readonly sourceLength: number
  readonly targetLength: number
  /** Real source and target tokens. */
  readonly tokens: number
}

/**
 * Pads items to the longest among them.
 *
 * @param decoderStartTokenId The padding token where it is not given, as in T5.
 */
export function padBatch(
  items: readonly BatchItem[],
  {
    padTokenId,
    decoderStartTokenId = padTokenId,
  }: { readonly padTokenId: number; readonly decoderStartTokenId?: number },
): PaddedBatch {
  const batch = items.length
  const sourceLength = items.reduce((most, item) => Math.max(most, item.sourceIds.length), 0)
  const targetLength = items.reduce((most, item) => Math.max(most, item.targetIds.length), 0)
  const labelCount = items.reduce((sum, item) => sum + item.targetIds.length, 0)
  const inputIds = new BigInt64Array(batch * sourceLength).fill(BigInt(padTokenId))
  const attentionMask = new Float32Array(batch * sourceLength)
  const decoderInputIds = new BigInt64Array(batch * targetLength).fill(BigInt(padTokenId))
  const labels = new BigInt64Array(labelCount)
  const labelRows = new BigInt64Array(labelCount)
  let label = 0
  for (const [row, { sourceIds, targetIds }] of items.entries()) {
    for (const [i, id] of sourceIds.entries()) {
      inputIds[row * sourceLength + i] = BigInt(id)
      attentionMask[row * sourceLength + i] = 1
    }
    let previous = decoderStartTokenId
    for (const [t, id] of targetIds.entries()) {
      decoderInputIds[row * targetLength + t] = BigInt(previous)
      labels[label] = BigInt(id)
      labelRows[label++] = BigInt(row * targetLength + t)
      previous = id
    }
  }
  const tokens = labelCount + items.reduce((sum, item) => sum + item.sourceIds.length, 0)
  return {
    inputIds,
    attentionMask,
    decoderInputIds,
    labels,
    labelRows,
    batch,
    sourceLength,
    targetLength,
    tokens,
  }
}

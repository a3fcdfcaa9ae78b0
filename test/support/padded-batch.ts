import { packTokens } from '../../trainer/data/pack-pairs.ts'
import type { PairItem } from '../../trainer/data/pack-pairs.ts'
import type { FeedBatch } from '../../trainer/kinds/kind.ts'
import { pairFeeds } from '../../trainer/kinds/seq2seq.ts'

/** A batch as PyTorch's goldens have it. B rows, S = `sourceLength`, T = `targetLength`, L real labels. */
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
  items: readonly PairItem[],
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

/** What the loss graph is fed for a padded batch: sources without their padding, whole rows of the decoder. */
export function paddedFeeds(padded: PaddedBatch): FeedBatch {
  const { batch, sourceLength, targetLength, labels, labelRows, tokens } = padded
  const rows = (ids: BigInt64Array, length: number) =>
    Array.from({ length: batch }, (_, row) => Array.from(ids.slice(row * length, (row + 1) * length), Number))
  const sources = rows(padded.inputIds, sourceLength).map((ids, row) =>
    ids.filter((_, i) => padded.attentionMask[row * sourceLength + i] === 1),
  )
  const source = packTokens(sources, 0)
  const target = packTokens(rows(padded.decoderInputIds, targetLength), 0)
  return pairFeeds({ source, target, labels, labelRows, tokens })
}

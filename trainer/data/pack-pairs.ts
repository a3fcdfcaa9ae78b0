import { layTokens } from './token-rows.ts'
import type { TokenRows } from './token-rows.ts'

/** One training item as token ids; the target ends with the end token. */
export interface PairItem {
  readonly sourceIds: readonly number[]
  readonly targetIds: readonly number[]
}

/** Tokens one after another, the last of no item, and where they stand in rows. */
export interface PackedTokens extends TokenRows {
  /** [tokens] */
  readonly ids: BigInt64Array
}

/** The feeds of one step of an encoder and a decoder, without padding: an item has the same row on both sides. */
export interface PackedPairs {
  readonly source: PackedTokens
  /** Of each item the start token and the target without its last token. */
  readonly target: PackedTokens
  /** [L], the targets' ids, item by item. */
  readonly labels: BigInt64Array
  /** [L], the target token whose output predicts each label. */
  readonly labelRows: BigInt64Array
  /** Real source and target tokens. */
  readonly tokens: number
}

/**
 * Lays the sources of items one after another, and their targets.
 *
 * @param decoderStartTokenId The padding token where it is not given, as in T5.
 */
export function packPairs(
  items: readonly PairItem[],
  {
    padTokenId,
    decoderStartTokenId = padTokenId,
  }: { readonly padTokenId: number; readonly decoderStartTokenId?: number },
): PackedPairs {
  const sources = items.map(({ sourceIds }) => sourceIds)
  const inputs = items.map(({ targetIds }) => [decoderStartTokenId, ...targetIds.slice(0, -1)])
  const labels = items.flatMap(({ targetIds }) => targetIds)
  const source = packTokens(sources, padTokenId)
  return {
    source,
    target: packTokens(inputs, padTokenId),
    labels: BigInt64Array.from(labels, BigInt),
    labelRows: BigInt64Array.from(labels.keys(), BigInt),
    tokens: source.tokens - 1 + labels.length,
  }
}

/** Lays texts one after another, each in a row of its own. */
export function packTokens(texts: readonly (readonly number[])[], padTokenId: number): PackedTokens {
  const ids = BigInt64Array.from([...texts.flat(), padTokenId], BigInt)
  return { ...layTokens(texts.map(({ length }) => length)), ids }
}

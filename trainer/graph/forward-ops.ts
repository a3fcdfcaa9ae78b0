import { apply } from './apply.ts'
import type { Dim } from './shape.ts'
import { dimAt } from './shape.ts'
import type { ResultTensor, Tensor } from './tensor.ts'

/**
 * Operators that ONNX Runtime's CPU provider has as one kernel each and that have no gradients: for graphs that
 * answer. `forward-operators.ts` says how each is written; their definitions are in ONNX Runtime's
 * docs/ContribOperators.md, where ONNX itself has none.
 */

/** A further output of the operation that a result came from. */
function further({ operation }: ResultTensor, index: number, like: Tensor): ResultTensor {
  return Object.freeze({ kind: 'result', operation, index, dtype: like.dtype, shape: like.shape })
}

/** `x + change` and its root-mean-square normalisation by `scale`; matrices `[n, width]`. */
export function addRmsNorm(
  x: Tensor,
  change: Tensor,
  { scale, epsilon }: { readonly scale: Tensor; readonly epsilon: number },
): { readonly sum: ResultTensor; readonly normed: ResultTensor } {
  const normed = apply('addRmsNorm', [x, change, scale], 'float32', x.shape, { epsilon })
  return { normed, sum: further(normed, 3, x) }
}

export interface AttentionStreams {
  /** `[batch, queries, heads·headWidth]` */
  readonly query: Tensor
  /** `[batch, keys, heads·headWidth]`, or with the heads apart `[batch, heads, keys, headWidth]`. */
  readonly key: Tensor
  /** As `key`. */
  readonly value: Tensor
  /** Added to the scores: `[batch or 1, heads or 1, queries, keys]`. */
  readonly bias: Tensor
}

/** Attention without scaling; `[batch, queries, heads·headWidth]`. */
export function forwardAttention({ query, key, value, bias }: AttentionStreams, heads: number): ResultTensor {
  return apply('forwardAttention', [query, key, value, bias], 'float32', query.shape, { heads })
}

export interface CacheStreams extends AttentionStreams {
  /** `[batch, heads, capacity, headWidth]`, filled up to the first of these queries. */
  readonly pastKey: Tensor
  readonly pastValue: Tensor
  /** Filled places with these queries: an int64 scalar, at most the capacity. */
  readonly total: Tensor
}

/**
 * Causal attention without scaling over a cache with room. The new keys and values `[batch, queries,
 * heads·headWidth]` go into their places of `presentKey` and `presentValue`: where these lie in the memory of
 * `pastKey` and `pastValue` nothing else is copied. `bias` is `[batch or 1, heads or 1, queries, total]`; the width of
 * a head is a multiple of 8. With more than one query the cache is either empty, or of one row.
 */
export function cachedAttention(
  { query, key, value, bias, pastKey, pastValue, total }: CacheStreams,
  heads: number,
): { readonly attended: ResultTensor; readonly presentKey: Tensor; readonly presentValue: Tensor } {
  const batch: Dim = dimAt(query.shape, 0)
  const inputs = [query, key, value, pastKey, pastValue, total, bias]
  const attended = apply('cachedAttention', inputs, 'float32', query.shape, { heads, batch })
  return {
    attended,
    presentKey: further(attended, 1, pastKey),
    presentValue: further(attended, 2, pastValue),
  }
}

/**
 * The `count` (an int64 vector of one element) highest values of each row of `[rows, n]`, best first, of equals the
 * one that stands first, and their places; both `[rows, chosen]`.
 */
export function topK(
  x: Tensor,
  count: Tensor,
  chosen: Dim,
): { readonly values: ResultTensor; readonly places: Tensor } {
  const shape = [dimAt(x.shape, 0), chosen]
  const values = apply('topK', [x, count], 'float32', shape)
  const places = Object.freeze({ ...values, index: 1, dtype: 'int64' as const })
  return { values, places }
}

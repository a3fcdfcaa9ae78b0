import { add, equal, less, mul, range, reshape, sub, where } from '../graph/ops.ts'
import type { Dim } from '../graph/shape.ts'
import { constant, integers } from '../graph/tensor.ts'
import type { Tensor } from '../graph/tensor.ts'

/** Added to the scores of what must not be seen: far below any score, far from overflow. */
const masked = -1e9

/**
 * The bias of causal attention over packed rows, `[batch, 1, length, length]`: 0 where a token may look, far below
 * every score where not. A token sees itself and what stands before it with the same number in `segmentIds` `[batch,
 * length]`; with a window, itself and no more than `window − 1` tokens before it.
 */
export function segmentBias(segmentIds: Tensor, window: number | null): Tensor {
  const length: Dim = segmentIds.shape[1] ?? 0
  const batch: Dim = segmentIds.shape[0] ?? 0
  const same = equal(reshape(segmentIds, [batch, 1, length, 1]), reshape(segmentIds, [batch, 1, 1, length]))
  return where(same, reachBias({ queries: length, keys: length, window }), constant(masked))
}

/**
 * The bias of causal attention over a cache, `[batch, 1, queries, keys]`: `attentionMask` `[batch, keys]` is 1 for
 * tokens and 0 for padding, `queryOffset`, an int64 scalar, is the place of the first query among the keys. Distances
 * are counted in places, so padding may stand on the left.
 */
export function cacheBias(
  attentionMask: Tensor,
  { queries, queryOffset, window }: { queries: Dim; queryOffset: Tensor; window: number | null },
): Tensor {
  const batch: Dim = attentionMask.shape[0] ?? 0
  const keys: Dim = attentionMask.shape[1] ?? 0
  const padding = mul(sub(constant(1), attentionMask), constant(masked))
  return add(reshape(padding, [batch, 1, 1, keys]), reachBias({ queries, keys, queryOffset, window }))
}

/** `[1, 1, queries, keys]`: which keys a query may see by its distance from them alone. */
function reachBias(span: { queries: Dim; keys: Dim; queryOffset?: Tensor; window: number | null }): Tensor {
  const { queries, keys, queryOffset, window } = span
  const queryPlaces = queryOffset ? add(range(queries), queryOffset) : range(queries)
  const distance = sub(reshape(queryPlaces, [1, 1, queries, 1]), reshape(range(keys), [1, 1, 1, keys]))
  const behind = where(less(distance, integers(0)), constant(masked), constant(0))
  return window === null ? behind : where(less(distance, integers(window)), behind, constant(masked))
}

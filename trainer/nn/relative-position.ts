import { add, gather, max, min, range, reshape, sub, transpose } from '../graph/ops.ts'
import type { Dim } from '../graph/shape.ts'
import { integers } from '../graph/tensor.ts'
import type { Tensor } from '../graph/tensor.ts'

export interface BucketOptions {
  readonly buckets: number
  readonly maxDistance: number
  /** Encoders tell before from after; decoders only look back. */
  readonly bidirectional: boolean
}

/**
 * The bucket of a relative position `key − query`: exact for near ones, logarithmic up to `maxDistance`, one for
 * all beyond (Raffel et al. 2020; the same arithmetic as `_relative_position_bucket` in Hugging Face's T5).
 */
export function relativePositionBucket(distance: number, options: BucketOptions): number {
  const buckets = options.bidirectional ? Math.floor(options.buckets / 2) : options.buckets
  const offset = options.bidirectional && distance > 0 ? buckets : 0
  const back = options.bidirectional ? Math.abs(distance) : Math.max(-distance, 0)
  const exact = Math.floor(buckets / 2)
  if (back < exact) return offset + back
  // In float32 as the reference computes it, so that boundaries fall alike.
  const ratio = Math.fround(
    Math.fround(Math.log(Math.fround(back / exact))) / Math.log(options.maxDistance / exact),
  )
  const far = exact + Math.trunc(Math.fround(ratio * (buckets - exact)))
  return offset + Math.min(far, buckets - 1)
}

/**
 * The bias of relative positions, `[1, heads, queries, keys]`, from a table `[buckets, heads]`. `queryOffset`, an
 * int64 scalar, is the position of the first query among the keys (with a cache), by default 0.
 */
export function relativePositionBias(
  table: Tensor,
  options: BucketOptions & { queries: Dim; keys: Dim; queryOffset?: Tensor },
): Tensor {
  const { queries, keys } = options
  const heads = table.shape[1]
  if (heads === undefined) throw new Error('The table of relative positions is [buckets, heads].')
  const positions = options.queryOffset ? add(range(queries), options.queryOffset) : range(queries)
  const distance = sub(reshape(range(keys), [1, keys]), reshape(positions, [queries, 1]))
  const bias = biasOfDistances(table, options, distance)
  return reshape(transpose(bias, [2, 0, 1]), [1, heads, queries, keys])
}

/** The bias of relative positions `key − query`, int64 of any shape: `[...distances, heads]`. */
export function biasOfDistances(table: Tensor, options: BucketOptions, distances: Tensor): Tensor {
  const { maxDistance } = options
  const known = Array.from({ length: 2 * maxDistance + 1 }, (_, i) => i - maxDistance)
  const buckets = integers(known.map((distance) => relativePositionBucket(distance, options)))
  const clipped = max(min(distances, integers(maxDistance)), integers(-maxDistance))
  return gather(gather(table, buckets), add(clipped, integers(maxDistance)))
}

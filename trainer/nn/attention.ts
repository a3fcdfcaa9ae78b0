import { add, matMul, mul, reshape, softmax, transpose } from '../graph/ops.ts'
import { product } from '../graph/shape.ts'
import type { Dim } from '../graph/shape.ts'
import { region } from '../graph/tensor.ts'
import type { Tensor } from '../graph/tensor.ts'

export interface HeadLayout {
  readonly batch: Dim
  readonly length: Dim
  readonly heads: number
  readonly headWidth: number
}

/** `[batch·length, heads·headWidth]` to `[batch, heads, length, headWidth]`. */
export function splitHeads(x: Tensor, { batch, length, heads, headWidth }: HeadLayout): Tensor {
  return transpose(reshape(x, [batch, length, heads, headWidth]), [0, 2, 1, 3])
}

/** `[batch, heads, length, headWidth]` to `[batch·length, heads·headWidth]`. */
export function mergeHeads(x: Tensor, { batch, length, heads, headWidth }: HeadLayout): Tensor {
  return reshape(transpose(x, [0, 2, 1, 3]), [product([batch, length]), heads * headWidth])
}

/**
 * Attention without scaling (T5 absorbs it in its initialisation): query `[batch, heads, queries, headWidth]`,
 * key and value `[batch, heads, keys, headWidth]`, an additive bias that broadcasts to the scores, and, in
 * training, a mask that drops probabilities. Returns `[batch, heads, queries, headWidth]`.
 */
export function attention(
  query: Tensor,
  key: Tensor,
  value: Tensor,
  options: { bias: Tensor; dropoutMask?: ((probabilities: Tensor) => Tensor) | undefined },
): Tensor {
  const { bias } = options
  const scores = add(matMul(query, transpose(key, [0, 1, 3, 2])), bias)
  const probabilities = softmax(scores)
  const dropoutMask = options.dropoutMask?.(probabilities)
  const kept = dropoutMask ? mul(probabilities, dropoutMask) : probabilities
  return region('attention', matMul(kept, value), [query, key, value, bias], {
    saved: dropoutMask ? { probabilities, dropoutMask } : { probabilities },
  })
}

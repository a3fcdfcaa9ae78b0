import { add, matMul, mul, reshape, softmax, transpose } from '../graph/ops.ts'
import { product } from '../graph/shape.ts'
import type { Dim } from '../graph/shape.ts'
import { region } from '../graph/tensor.ts'
import type { Tensor } from '../graph/tensor.ts'
import type { DropoutBank } from './dropout.ts'

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
 * training, dropout of probabilities. Returns `[batch, heads, queries, headWidth]`.
 */
export function attention(
  query: Tensor,
  key: Tensor,
  value: Tensor,
  { bias, dropout }: { bias: Tensor; dropout: DropoutBank | null },
): Tensor {
  const scores = add(matMul(query, transpose(key, [0, 1, 3, 2])), bias)
  const probabilities = softmax(scores)
  const mask = dropout?.mask(probabilities.shape)
  const kept = mask ? mul(probabilities, mask.forward) : probabilities
  return region('attention', matMul(kept, value), [query, key, value, bias], {
    saved: mask ? { probabilities, dropoutMask: mask.backward } : { probabilities },
  })
}

import { matMul, reshape, transpose } from '../graph/ops.ts'
import type { Dim } from '../graph/shape.ts'
import { product } from '../graph/shape.ts'
import type { Tensor } from '../graph/tensor.ts'
import { attention } from './attention.ts'
import type { DropoutBank } from './dropout.ts'

export interface AbsorbedAttentionOptions {
  readonly batch: Dim
  readonly queries: Dim
  readonly keys: Dim
  readonly heads: number
  readonly headWidth: number
  readonly width: number
  /** Added to the scores, `[batch, 1, 1, keys]`. */
  readonly bias: Tensor
  readonly dropout: DropoutBank | null
}

/**
 * Attention of few queries to many tokens without projecting these to keys and values: the matrices of key and value,
 * `[heads·headWidth, width]`, are multiplied into the queries and out of what the queries gather, so that a score is
 * `(q·Wk)·h` in place of `q·(Wk·h)` (DeepSeek-AI 2024, DeepSeek-V2, section 2.1.2, who absorb the matrices so). It
 * takes fewer multiplications where a row has fewer queries than about two thirds of a head's width, backward pass
 * included.
 *
 * Takes queries `[batch·queries, heads·headWidth]` and what they attend to, `[batch·keys, width]`; returns
 * `[batch·queries, heads·headWidth]`.
 */
export function absorbedAttention(
  query: Tensor,
  attended: Tensor,
  weights: { readonly key: Tensor; readonly value: Tensor },
  options: AbsorbedAttentionOptions,
): Tensor {
  const { batch, queries, keys, heads, headWidth, width, bias, dropout } = options
  const byHead = (weight: Tensor) => reshape(weight, [heads, headWidth, width])
  const rows = product([batch, queries])
  const apart = transpose(reshape(query, [batch, queries, heads, headWidth]), [2, 0, 1, 3])
  const wide = matMul(reshape(apart, [heads, rows, headWidth]), byHead(weights.key))
  // All heads attend to the same tokens, so that they are rows of one head.
  const asRows = transpose(reshape(wide, [heads, batch, queries, width]), [1, 0, 2, 3])
  const tokens = reshape(attended, [batch, 1, keys, width])
  const gathered = attention(reshape(asRows, [batch, 1, product([heads, queries]), width]), tokens, tokens, {
    bias,
    dropout,
  })
  const backApart = transpose(reshape(gathered, [batch, heads, queries, width]), [1, 0, 2, 3])
  const narrow = matMul(reshape(backApart, [heads, rows, width]), transpose(byHead(weights.value), [0, 2, 1]))
  const merged = transpose(reshape(narrow, [heads, batch, queries, headWidth]), [1, 2, 0, 3])
  return reshape(merged, [rows, heads * headWidth])
}

import { add, cast, dimension, div, gather, less, mul, range, reshape, sub } from '../graph/ops.ts'
import { dimAt, product } from '../graph/shape.ts'
import type { Dim } from '../graph/shape.ts'
import { input, integers, region } from '../graph/tensor.ts'
import type { Tensor } from '../graph/tensor.ts'
import { mergeHeads, splitHeads } from './attention.ts'
import type { HeadLayout } from './attention.ts'

/** How tokens, one after another, stand in the rows that attention works on. */
export interface TokenRows {
  /** `[tokens, heads·headWidth]` to `[rows, heads, length, headWidth]`. */
  split(x: Tensor): Tensor
  /** The way back. */
  merge(x: Tensor): Tensor
}

/** Rows in which padding is computed like tokens, which are `batch·length`. */
export function paddedRows(layout: HeadLayout): TokenRows {
  return { split: (x) => splitHeads(x, layout), merge: (x) => mergeHeads(x, layout) }
}

/** Where tokens without padding stand in rows (see `layTokens`). */
export interface PlacedTokens {
  /** int64 `[rows, length]`, the token at each place; at padding the last token, which no loss may see. */
  readonly tokenAt: Tensor
  /** int64 `[tokens]`, the place `row·length + i` of each token; of the last one a place of padding. */
  readonly places: Tensor
}

/** The feeds `<name>At` `[rows, length]` and `<name>Places` `[tokens]`. */
export function placedTokens(
  name: string,
  { tokens, rows, length }: { readonly tokens: Dim; readonly rows: Dim; readonly length: Dim },
): PlacedTokens {
  return {
    tokenAt: input(`${name}At`, 'int64', [rows, length]),
    places: input(`${name}Places`, 'int64', [tokens]),
  }
}

/**
 * Rows that tokens without padding are gathered into for attention alone, so that linear layers, norms and activations
 * see real tokens only. Padding takes the last token: as a key it must be masked, and no loss may come from it. Then
 * its gradient is 0, and each way is the other's gradient: nothing has to be summed over copies.
 */
export function gatheredRows(
  { tokenAt, places }: PlacedTokens,
  { heads, headWidth }: Pick<HeadLayout, 'heads' | 'headWidth'>,
): TokenRows {
  const [rows, length] = [dimAt(tokenAt.shape, 0), dimAt(tokenAt.shape, 1)]
  const tokens = dimAt(places.shape, 0)
  const size = dimension(length)
  // Each head's part is gathered by itself: that is the transposition, too.
  const parts = add(
    mul(reshape(tokenAt, [rows, 1, length]), integers(heads)),
    reshape(range(heads), [1, heads, 1]),
  )
  const rowStart = mul(div(places, size), size)
  const firstSlots = add(places, mul(rowStart, integers(heads - 1)))
  const slots = add(reshape(firstSlots, [tokens, 1]), reshape(mul(range(heads), size), [1, heads]))
  return {
    split: (x) =>
      region('splitTokens', gather(reshape(x, [product([tokens, heads]), headWidth]), parts), [x], {
        saved: { slots },
      }),
    merge: (x) => {
      const flat = reshape(x, [product([rows, heads, length]), headWidth])
      return region('mergeTokens', reshape(gather(flat, slots), [tokens, heads * headWidth]), [x], {
        saved: { parts },
      })
    },
  }
}

/** The attention mask `[rows, length]`: 1 for tokens, 0 for padding. */
export function maskOf({ tokenAt, places }: PlacedTokens): Tensor {
  return cast(less(tokenAt, sub(dimension(dimAt(places.shape, 0)), integers(1))), 'float32')
}

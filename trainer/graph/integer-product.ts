import { apply } from './apply.ts'
import { formatShape, sameShape } from './shape.ts'
import type { Tensor, WeightTensor } from './tensor.ts'

/**
 * A frozen matrix `[out, into]` of 8 bits whose rows have one scale each: a value is `scale·(q − 128)`. One copy serves
 * products with it and with its transpose.
 */
export interface ByteRows {
  /** uint8 `[out, into]`. */
  readonly values: WeightTensor
  /** float32 `[out]`. */
  readonly scales: WeightTensor
  /** Whether the forward pass multiplies whole numbers; the backward pass always does. */
  readonly forward: boolean
}

/** How a product with rows of bytes is made. */
export interface IntegerProductOptions {
  readonly transB: boolean
  /**
   * Bits of the rounded rows. Processors without an instruction for products of bytes sum two of them in 16 bits, and
   * what is more becomes the largest that these hold: 7 bits times 8 always fit, 8 times 8 do not.
   */
  readonly bits: 7 | 8
}

/**
 * `x · matrixᵀ` for x `[n, into]`, or `x · matrix` for x `[n, out]` with `transB: false`, multiplied in whole numbers:
 * each row of x is divided by its largest value and rounded, so that neither tokens with large activations nor those
 * with small gradients take from the others' precision.
 */
export function integerProduct(
  x: Tensor,
  { values, scales }: { readonly values: Tensor; readonly scales: Tensor },
  { transB, bits }: IntegerProductOptions,
): Tensor {
  const [n, width] = x.shape
  const [out, into] = values.shape
  if (n === undefined || out === undefined || into === undefined || width !== (transB ? into : out))
    throw new Error(
      `integerProduct cannot multiply ${formatShape(x.shape)} by ${formatShape(values.shape)} (transB ${transB}).`,
    )
  if (x.dtype !== 'float32' || values.dtype !== 'uint8' || !sameShape(scales.shape, [out]))
    throw new Error(
      `integerProduct takes float32 rows and a matrix of bytes with a scale a row, got ${x.dtype}, ${values.dtype} and scales ${formatShape(scales.shape)}.`,
    )
  const attributes = { transB: Number(transB), bits }
  return apply('integerProduct', [x, values, scales], 'float32', [n, transB ? out : into], attributes)
}

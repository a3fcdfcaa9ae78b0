import { apply } from './apply.ts'
import { formatShape, sameShape } from './shape.ts'
import { region } from './tensor.ts'
import type { RegionTensor, Tensor, WeightTensor } from './tensor.ts'

/**
 * A frozen matrix `[out, into]` held in few bits: each row is cut into blocks, a value is `scale·(q − 2^(bits−1))`
 * with one scale a block. Where an operator wants to see the same bytes otherwise, they are named a second time.
 */
export interface QuantizedMatrix {
  readonly out: number
  readonly into: number
  readonly bits: 8 | 4
  readonly block: number
  /** uint8 `[out, into/block, block·bits/8]`; of two values of 4 bits in a byte the first lies low. */
  readonly blocks: WeightTensor
  /** float32 `[out·into/block]`. */
  readonly scales: WeightTensor
  /**
   * What is widened: values of 8 bits are `blocks` itself, those of 4 bits uint4 `[out·into/block, block]`, since two
   * in a byte cannot be told apart otherwise. Scales and zero points, `2^(bits−1)`, are `[out, into/block, 1]` there
   * and `[out·into/block]` here.
   */
  readonly widening: {
    readonly values: WeightTensor
    readonly scales: WeightTensor
    readonly zeroPoints: WeightTensor
  }
}

const rule = 'quantizedMatrix'

/**
 * A quantised matrix as a float32 tensor. `gather` of its rows and `gemm` with it transposed take the form in few
 * bits; in every other use, a backward pass among them, it is widened as a whole, for as long as that use lasts.
 */
export function quantizedMatrix(matrix: QuantizedMatrix): RegionTensor {
  const { out, into, bits, block, blocks, scales, widening } = matrix
  const { values } = widening
  const count = (out * into) / block
  if (
    !sameShape(blocks.shape, [out, into / block, (block * bits) / 8]) ||
    !sameShape(values.shape, bits === 8 ? blocks.shape : [count, block]) ||
    !sameShape(scales.shape, [count])
  )
    throw new Error(
      `${blocks.name} of ${formatShape([out, into])} is not cut into blocks of ${block} values of ${bits} bits.`,
    )
  const shape = [out, into]
  const widened = apply('dequantize', [values, widening.scales, widening.zeroPoints], 'float32', shape, {
    shape,
    block,
  })
  return region(rule, widened, [], {
    saved: { blocks, scales },
    attributes: { out, into, bits, block },
  })
}

/** Whether a tensor is one that `quantizedMatrix` made. */
export function isQuantized(tensor: Tensor): tensor is RegionTensor {
  return tensor.kind === 'region' && tensor.rule === rule
}

/** Rows of a quantised matrix at int64 `indices` of any shape: `[...indices, into]`; only these are widened. */
export function quantizedRows({ saved, attributes }: RegionTensor, indices: Tensor): Tensor {
  const { blocks, scales } = parts(saved)
  return apply(
    'quantizedRows',
    [blocks, scales, indices],
    'float32',
    [...indices.shape, Number(attributes['into'])],
    attributes,
  )
}

/**
 * `x · matrixᵀ + plus` for x `[n, into]` and a quantised matrix. The rows of x are rounded to 8 bits a block, so that
 * whole numbers are multiplied (`MatMulNBits` with `accuracy_level` 4, ONNX Runtime's contrib operators); the gradient
 * is that of the exact product.
 */
export function quantizedProduct(x: Tensor, matrix: RegionTensor, plus?: Tensor): RegionTensor {
  const { blocks, scales } = parts(matrix.saved)
  const [n] = x.shape
  if (n === undefined) throw new Error(`A product takes a matrix, got ${formatShape(x.shape)}.`)
  const shape = [n, Number(matrix.attributes['out'])]
  // As a vector the runtime adds it itself.
  const bias = plus?.shape.length === 1 ? [plus] : []
  const product = apply('quantizedProduct', [x, blocks, scales, ...bias], 'float32', shape, matrix.attributes)
  const value = plus && bias.length === 0 ? apply('add', [product, plus], 'float32', shape) : product
  return region('quantizedProduct', value, plus ? [x, plus] : [x], { saved: { matrix } })
}

function parts(saved: RegionTensor['saved']): { readonly blocks: Tensor; readonly scales: Tensor } {
  const { blocks, scales } = saved
  if (!blocks || !scales) throw new Error('The quantised matrix lacks its blocks or scales.')
  return { blocks, scales }
}

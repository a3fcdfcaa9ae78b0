import { apply } from './apply.ts'
import { integerProduct } from './integer-product.ts'
import type { ByteRows } from './integer-product.ts'
import { dimAt, formatShape, sameShape } from './shape.ts'
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
  /** The same bytes where all blocks of a row share a scale: then products can be of whole numbers. */
  readonly rows: ByteRows | null
}

const rule = 'quantizedMatrix'

/**
 * A quantised matrix as a float32 tensor. `gather` of its rows and `gemm` with it transposed take the form in few
 * bits; in every other use, a backward pass among them, it is widened as a whole, for as long as that use lasts.
 */
export function quantizedMatrix(matrix: QuantizedMatrix): RegionTensor {
  const { out, into, bits, block, blocks, scales, widening, rows } = matrix
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
    saved: { blocks, scales, ...(rows && { rowValues: rows.values, rowScales: rows.scales }) },
    attributes: { out, into, bits, block, forwardRows: Number(rows?.forward ?? false) },
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
 * `x · matrixᵀ + plus` for x `[n, into]` and a quantised matrix, by `integerProduct` or, where the matrix has no rows of
 * bytes for it, by `MatMulNBits` (ONNX Runtime's contrib operators). With `accuracy_level` 4 that rounds the rows of x
 * to 8 bits a block where the session repacks its weights, as answering does; else it widens the matrix piece by piece.
 * The gradient is that of the exact product, see `quantizedGradient`.
 */
export function quantizedProduct(x: Tensor, matrix: RegionTensor, plus?: Tensor): RegionTensor {
  const rows = byteRows(matrix)
  if (rows && matrix.attributes['forwardRows'] === 1) {
    const product = integerProduct(x, rows, { transB: true, bits: 8 })
    const value = plus ? apply('add', [product, plus], 'float32', product.shape) : product
    return region('quantizedProduct', value, plus ? [x, plus] : [x], { saved: { matrix } })
  }
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

/**
 * The gradient of `quantizedProduct` by x, for the gradient `[n, out]` by the product: in whole numbers where the matrix
 * has rows of bytes, else exact, with the matrix widened. Gradients bear 7 bits: on the starter models the cosine of a
 * step's gradient is 0.001 lower with them, and the same with 8.
 */
export function quantizedGradient(gradient: Tensor, matrix: Tensor): Tensor {
  const rows = isQuantized(matrix) ? byteRows(matrix) : null
  if (rows) return integerProduct(gradient, rows, { transB: false, bits: 7 })
  const shape = [dimAt(gradient.shape, 0), dimAt(matrix.shape, 1)]
  return apply('gemm', [gradient, matrix], 'float32', shape, { transA: 0, transB: 0, alpha: 1 })
}

function byteRows({ saved }: RegionTensor): { readonly values: Tensor; readonly scales: Tensor } | null {
  const { rowValues: values, rowScales: scales } = saved
  return values && scales ? { values, scales } : null
}

function parts(saved: RegionTensor['saved']): { readonly blocks: Tensor; readonly scales: Tensor } {
  const { blocks, scales } = saved
  if (!blocks || !scales) throw new Error('The quantised matrix lacks its blocks or scales.')
  return { blocks, scales }
}

import { apply } from './apply.ts'
import { dimAt, formatShape } from './shape.ts'
import { region } from './tensor.ts'
import type { RegionTensor, Tensor } from './tensor.ts'

const rule = 'halfMatrix'

/**
 * A frozen float16 matrix `[out, into]` as a float32 tensor. `gather` of its rows and `gemm` with it transposed use it
 * as it is; in every other use it is widened as a whole.
 */
export function halfMatrix(weight: Tensor): RegionTensor {
  if (weight.dtype !== 'float16' || weight.shape.length !== 2)
    throw new Error(`A float16 matrix is wanted, not ${weight.dtype} ${formatShape(weight.shape)}.`)
  const widened = apply('cast', [weight], 'float32', weight.shape, { to: 'float32' })
  return region(rule, widened, [], { saved: { weight } })
}

/** The float16 matrix behind a tensor that `halfMatrix` made, or null for any other. */
export function halfWeight(tensor: Tensor): Tensor | null {
  return tensor.kind === 'region' && tensor.rule === rule ? (tensor.saved['weight'] ?? null) : null
}

/**
 * `x · weightᵀ`, or `x · weight`, for float32 x and a float16 weight, multiplied in float16 and given as float32. Each
 * row of x is divided by its largest value before, and the product multiplied by it after: neither the large
 * activations of T5's feed-forward layers overflow so, nor do small gradients vanish.
 */
export function halfProduct(x: Tensor, weight: Tensor, { transB }: { readonly transB: boolean }): Tensor {
  const shape = [dimAt(x.shape, 0), dimAt(weight.shape, transB ? 0 : 1)]
  return apply('halfProduct', [x, weight], 'float32', shape, { transB: Number(transB) })
}

/** `x · matrixᵀ + plus` for a matrix that `halfMatrix` made; see `halfProduct`. */
export function halfLinear(x: Tensor, weight: Tensor, plus?: Tensor): RegionTensor {
  const product = halfProduct(x, weight, { transB: true })
  const value = plus ? apply('add', [product, plus], 'float32', product.shape) : product
  return region('halfLinear', value, plus ? [x, plus] : [x], { saved: { weight } })
}

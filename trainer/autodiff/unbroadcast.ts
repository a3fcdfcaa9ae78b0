import { reduceSum, reshape } from '../graph/ops.ts'
import { sameShape } from '../graph/shape.ts'
import type { Shape } from '../graph/shape.ts'
import type { Tensor } from '../graph/tensor.ts'

/** Sums a gradient over the axes along which a value of `shape` was broadcast. */
export function unbroadcast(gradient: Tensor, shape: Shape): Tensor {
  if (sameShape(gradient.shape, shape)) return gradient
  const extra = gradient.shape.length - shape.length
  const axes = gradient.shape.flatMap((dim, i) =>
    i < extra || (shape[i - extra] === 1 && dim !== 1) ? [i] : [],
  )
  return reshape(reduceSum(gradient, axes), shape)
}

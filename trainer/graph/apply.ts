import type { Shape } from './shape.ts'
import type { Attributes, DataType, ResultTensor, Tensor } from './tensor.ts'

/** The first output of an operator applied to inputs. */
export function apply(
  op: string,
  inputs: readonly Tensor[],
  dtype: DataType,
  shape: Shape,
  attributes: Attributes = {},
): ResultTensor {
  const operation = Object.freeze({
    op,
    inputs: Object.freeze([...inputs]),
    attributes: Object.freeze({ ...attributes }),
  })
  return Object.freeze({ kind: 'result', operation, index: 0, dtype, shape: Object.freeze([...shape]) })
}

import { sameShape } from './shape.ts'
import type { ResultTensor, Tensor } from './tensor.ts'

/** A sum that is written as a part of the matrix product that is its only use. */
export interface FusedSum {
  readonly product: ResultTensor
  readonly plus: Tensor
}

/**
 * The sums of a matrix product and something else that can be one `Gemm` with three inputs, by their tensors: those
 * whose product has no other use and nothing added yet. It saves a pass over the product.
 */
export function fusedSums(
  order: readonly Tensor[],
  outputs: readonly Tensor[],
): ReadonlyMap<Tensor, FusedSum> {
  const uses = new Map<Tensor, number>()
  const use = (tensor: Tensor) => {
    const value = valueOf(tensor)
    uses.set(value, (uses.get(value) ?? 0) + 1)
  }
  for (const output of outputs) use(output)
  // Results of one operation share its inputs, which it uses once.
  const operations = new Set(order.flatMap((tensor) => (tensor.kind === 'result' ? [tensor.operation] : [])))
  for (const { inputs } of operations) inputs.forEach(use)
  const fused = new Map<Tensor, FusedSum>()
  for (const tensor of order) {
    if (tensor.kind !== 'result' || tensor.operation.op !== 'add') continue
    const [a, b] = tensor.operation.inputs
    if (!a || !b) continue
    const found = [
      [b, a],
      [a, b],
    ].flatMap(([side, plus]) => {
      const product = side && valueOf(side)
      const free = product?.kind === 'result' && uses.get(product) === 1 ? product : null
      return free && plus && isPlainProduct(free) && sameShape(plus.shape, free.shape)
        ? [{ product: free, plus }]
        : []
    })
    if (found[0]) fused.set(tensor, found[0])
  }
  return fused
}

function isPlainProduct({ operation }: ResultTensor): boolean {
  return operation.op === 'gemm' && operation.inputs.length === 2
}

/** What a region stands for. */
export function valueOf(tensor: Tensor): Tensor {
  let value = tensor
  while (value.kind === 'region') value = value.value
  return value
}

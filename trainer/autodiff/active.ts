import { topologicalOrder } from '../graph/lower.ts'
import type { Tensor } from '../graph/tensor.ts'

/** Of some tensors, those that depend on a leaf, themselves included. */
export function dependentOn(tensors: readonly Tensor[], leaves: readonly Tensor[]): ReadonlySet<Tensor> {
  const dependent = new Set<Tensor>(leaves)
  for (const tensor of topologicalOrder(tensors, partsOf))
    if (partsOf(tensor).some((part) => dependent.has(part))) dependent.add(tensor)
  return new Set(tensors.filter((tensor) => dependent.has(tensor)))
}

function partsOf(tensor: Tensor): readonly Tensor[] {
  if (tensor.kind === 'region') return [tensor.value, ...tensor.inputs]
  return tensor.kind === 'result' ? tensor.operation.inputs : []
}

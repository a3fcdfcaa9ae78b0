import { apply } from './apply.ts'
import { dependencies, topologicalOrder } from './lower.ts'
import { region } from './tensor.ts'
import type { RegionTensor, ResultTensor, Tensor } from './tensor.ts'

const rule = 'recomputed'

/**
 * A block whose inner values are not kept for the backward pass but computed a second time there, from its inputs and
 * from those of its values that `choose` picks out of all (Chen et al. 2016, "Training Deep Nets with Sublinear Memory
 * Cost"). Without differentiation it is `block` itself. `inputs` are the values outside that it is made from; what is
 * fed belongs to them by itself.
 */
export function recomputed(
  block: Tensor,
  inputs: readonly Tensor[],
  choose: (inside: readonly Tensor[]) => ReadonlySet<Tensor>,
): RegionTensor {
  const outside = new Set(inputs)
  const inside = topologicalOrder([block], (tensor) => (outside.has(tensor) ? [] : everyPart(tensor))).filter(
    (tensor) => !outside.has(tensor),
  )
  const fed = inside.filter((tensor) => tensor.kind === 'input' && tensor.dtype === 'float32')
  const kept = [...choose(inside)].filter((tensor) => tensor !== block)
  return region(rule, block, [...inputs, ...fed], {
    saved: Object.fromEntries(kept.map((tensor, i) => [String(i), tensor])),
  })
}

/** Whether a region is a block that `recomputed` marked. */
export function isRecomputed(region: RegionTensor): boolean {
  return region.rule === rule
}

/**
 * A block as it is computed the second time, not before `gradient`, the gradient by it, is there: its value, and the
 * stand-ins of its inputs, in their order. Nothing of it is shared with the first time but what was kept.
 */
export function recompute(
  block: RegionTensor,
  gradient: Tensor,
): { readonly value: Tensor; readonly inputs: readonly Tensor[] } {
  const standIns = new Map<Tensor, Tensor>(block.inputs.map((input) => [input, after(input, gradient)]))
  const kept = new Set(Object.values(block.saved))
  const again = new Map<Tensor, Tensor>(standIns)
  const operations = new Map<ResultTensor['operation'], ResultTensor['operation']>()
  const copyOf = (tensor: Tensor): Tensor => again.get(tensor) ?? tensor
  const order = topologicalOrder([block.value], (tensor) => (standIns.has(tensor) ? [] : everyPart(tensor)))
  for (const tensor of order) {
    if (again.has(tensor) || everyPart(tensor).every((part) => copyOf(part) === part)) continue
    if (tensor.kind === 'region') {
      const saved = Object.entries(tensor.saved).map(([name, value]) => [name, copyOf(value)] as const)
      const copy = region(
        tensor.rule,
        kept.has(tensor) ? after(tensor.value, gradient) : copyOf(tensor.value),
        tensor.inputs.map(copyOf),
        { saved: Object.fromEntries(saved), attributes: tensor.attributes },
      )
      again.set(tensor, copy)
    } else if (tensor.kind === 'result') {
      const operation =
        operations.get(tensor.operation) ??
        Object.freeze({ ...tensor.operation, inputs: Object.freeze(tensor.operation.inputs.map(copyOf)) })
      operations.set(tensor.operation, operation)
      const copy = Object.freeze({ ...tensor, operation })
      again.set(tensor, kept.has(tensor) ? region('same', after(tensor, gradient), [copy]) : copy)
    }
  }
  return { value: copyOf(block.value), inputs: block.inputs.map(copyOf) }
}

/** `x` itself, but not before `other` has been computed. Costs nothing: no value is copied. */
export function after(x: Tensor, other: Tensor): ResultTensor {
  return apply('after', [x, other], x.dtype, x.shape)
}

/** What a tensor is made from, and, of a region, what its rule uses again. */
function everyPart(tensor: Tensor): readonly Tensor[] {
  return tensor.kind === 'region'
    ? [tensor.value, ...tensor.inputs, ...Object.values(tensor.saved)]
    : dependencies(tensor)
}

import { recomputed } from '../graph/recompute.ts'
import { sameShape } from '../graph/shape.ts'
import type { Tensor } from '../graph/tensor.ts'
import type { Linear } from './layers.ts'

/**
 * What of a block is computed a second time in the backward pass: `blocks` all of it, so that its input alone is kept;
 * `selective` what costs little beside the memory it takes, which is norms, activations, dropout and the scores of
 * attention, while products with weights and what attention gathers are kept (Korthikanti et al. 2022, "Reducing
 * Activation Recomputation in Large Transformer Models", section 5).
 */
export type RecomputedPart = 'selective' | 'blocks'

/** Marks a block made from `inputs`. */
export type Block = (block: Tensor, inputs: readonly Tensor[]) => Tensor

/** A model's linear layers, to be used in place of `linear`, and how its blocks are marked as recomputed. */
export function recomputedBlocks(
  linear: Linear,
  part: RecomputedPart,
): { readonly linear: Linear; readonly block: Block } {
  if (part === 'blocks')
    return { linear, block: (block, inputs) => recomputed(block, inputs, () => new Set()) }
  const products = new Set<Tensor>()
  return {
    linear: (x, path) => {
      const product = linear(x, path)
      products.add(product)
      return product
    },
    block: (block, inputs) => recomputed(block, inputs, (inside) => dearOnes(inside, products)),
  }
}

/** The products and what attention gathers; of a product that is only added to something, the sum. */
function dearOnes(inside: readonly Tensor[], products: ReadonlySet<Tensor>): ReadonlySet<Tensor> {
  const uses = new Map<Tensor, Tensor[]>()
  for (const tensor of inside) {
    const inputs =
      tensor.kind === 'result' ? tensor.operation.inputs : tensor.kind === 'region' ? tensor.inputs : []
    for (const input of inputs) uses.set(input, [...(uses.get(input) ?? []), tensor])
  }
  const dear = inside.filter(
    (tensor) => products.has(tensor) || (tensor.kind === 'region' && tensor.rule === 'attention'),
  )
  return new Set(
    dear.map((tensor) => {
      const [use, another] = uses.get(tensor) ?? []
      const isSum = use?.kind === 'result' && use.operation.op === 'add' && sameShape(use.shape, tensor.shape)
      return isSum && !another ? use : tensor
    }),
  )
}

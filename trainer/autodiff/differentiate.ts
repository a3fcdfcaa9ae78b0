import { topologicalOrder } from '../graph/lower.ts'
import { add } from '../graph/ops.ts'
import { isRecomputed, recompute } from '../graph/recompute.ts'
import { formatShape, sameShape } from '../graph/shape.ts'
import { constant } from '../graph/tensor.ts'
import type { RegionTensor, Tensor } from '../graph/tensor.ts'
import { gradientRules } from './gradients.ts'
import { regionRules } from './region-gradients.ts'

/**
 * Reverse-mode differentiation of a scalar: one walk from the loss towards the leaves, along the tensors that
 * depend on a leaf and no others. Returns the gradient of each leaf, of its shape, in the order given; a leaf
 * that the loss does not depend on has none and is an error, since it could never be trained.
 *
 * @throws Error for an operator without a gradient rule on the way, or a leaf out of reach.
 * @example
 * const [dA, dB] = differentiate(loss, [loraA, loraB])
 */
export function differentiate(loss: Tensor, leaves: readonly Tensor[]): readonly Tensor[] {
  if (loss.shape.length > 0) throw new Error(`The loss must be a scalar, not ${formatShape(loss.shape)}.`)
  return pullBack(loss, constant(1), leaves).map((gradient, i) => {
    if (!gradient) throw new Error(`The loss does not depend on ${describe(leaves[i] ?? loss)}.`)
    return gradient
  })
}

/** The gradient of `sum(value · gradient)` by each leaf, null where the value does not depend on it. */
function pullBack(
  value: Tensor,
  valueGradient: Tensor,
  leaves: readonly Tensor[],
): readonly (Tensor | null)[] {
  const order = topologicalOrder([value], differentiableInputs)
  const active = new Set<Tensor>(leaves)
  for (const tensor of order)
    if (differentiableInputs(tensor).some((dependency) => active.has(dependency))) active.add(tensor)

  const gradients = new Map<Tensor, Tensor>([[value, valueGradient]])
  for (const tensor of [...order].reverse()) {
    const gradient = gradients.get(tensor)
    if (!gradient || !active.has(tensor)) continue
    const inputs = differentiableInputs(tensor)
    if (!inputs.some((dependency) => active.has(dependency))) continue
    const parts = inputGradients(tensor, gradient, active)
    inputs.forEach((dependency, i) => {
      const part = parts[i]
      if (!part || !active.has(dependency)) return
      if (!sameShape(part.shape, dependency.shape))
        throw new Error(
          `The gradient of ${describe(tensor)} has shape ${formatShape(part.shape)}, its input ${formatShape(dependency.shape)}.`,
        )
      const known = gradients.get(dependency)
      gradients.set(dependency, known ? add(known, part) : part)
    })
  }
  return leaves.map((leaf) => gradients.get(leaf) ?? null)
}

function differentiableInputs(tensor: Tensor): readonly Tensor[] {
  if (tensor.kind === 'region') return tensor.inputs
  return tensor.kind === 'result' && tensor.operation.op !== 'after' ? tensor.operation.inputs : []
}

function inputGradients(
  tensor: Tensor,
  gradient: Tensor,
  active: ReadonlySet<Tensor>,
): readonly (Tensor | null)[] {
  if (tensor.kind === 'region') {
    if (isRecomputed(tensor)) return recomputedGradients(tensor, gradient, active)
    const rule = regionRules[tensor.rule]
    if (!rule) throw new Error(`There is no gradient rule for the region ${tensor.rule}.`)
    return rule(tensor, gradient)
  }
  if (tensor.kind !== 'result') return []
  const rule = gradientRules[tensor.operation.op]
  if (!rule || tensor.index > 0) throw new Error(`There is no gradient rule for ${describe(tensor)}.`)
  return rule({ operation: tensor.operation, output: tensor, gradient })
}

/** The gradients by the inputs of a recomputed block, through its second computation. */
function recomputedGradients(
  block: RegionTensor,
  gradient: Tensor,
  active: ReadonlySet<Tensor>,
): readonly (Tensor | null)[] {
  const again = recompute(block, gradient)
  const wanted = again.inputs.filter((_, i) => active.has(block.inputs[i] ?? block))
  const parts = pullBack(again.value, gradient, wanted)
  return again.inputs.map((standIn) => parts[wanted.indexOf(standIn)] ?? null)
}

function describe(tensor: Tensor): string {
  if (tensor.kind === 'result') return `output ${tensor.index} of ${tensor.operation.op}`
  return tensor.kind === 'region'
    ? `the region ${tensor.rule}`
    : `the ${tensor.kind} ${'name' in tensor ? tensor.name : ''}`
}

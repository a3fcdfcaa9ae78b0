import { add, gemm } from '../graph/ops.ts'
import { input, region } from '../graph/tensor.ts'
import type { InputTensor, Tensor } from '../graph/tensor.ts'
import { drop } from '../nn/dropout.ts'
import type { DropoutBank } from '../nn/dropout.ts'
import type { Linear } from '../nn/layers.ts'
import type { LoraTarget } from './targets.ts'

/** The names of a layer's adapter matrices: PEFT's, without its prefix. */
export const loraA = (path: string): string => `${path}.lora_A.weight`
export const loraB = (path: string): string => `${path}.lora_B.weight`

export interface LoraLayers {
  readonly linear: Linear
  /** The matrices that are fed: A `[rank, in]` and B `[out, rank]` of each target, in the order of the targets. */
  readonly leaves: readonly InputTensor[]
}

/**
 * Adds low-rank adapters to linear layers: `y = W·x + scale·B·(A·dropout(x))` (Hu et al. 2021). Where nothing is
 * dropped the merged weight `W + scale·B·A` is formed instead, which costs less than a second pass over the
 * activations as soon as there are more tokens than rows in W.
 */
export function trainableLora(
  base: Linear,
  targets: readonly LoraTarget[],
  options: { dropout: DropoutBank | null; weightOf: ((path: string) => Tensor) | null },
): LoraLayers {
  const layers = new Map(
    targets.map((target) => [
      target.path,
      {
        ...target,
        a: input(loraA(target.path), 'float32', [target.rank, target.into]),
        b: input(loraB(target.path), 'float32', [target.out, target.rank]),
      },
    ]),
  )
  return {
    leaves: [...layers.values()].flatMap(({ a, b }) => [a, b]),
    linear: (x, path) => {
      const layer = layers.get(path)
      if (!layer) return base(x, path)
      const { a, b, scale } = layer
      if (options.weightOf && !options.dropout) {
        const weight = options.weightOf(path)
        const merged = gemm(b, a, { alpha: scale, plus: weight })
        return region('mergedLora', gemm(x, merged, { transB: true }), [x, weight, a, b], {
          attributes: { scale },
        })
      }
      const hidden = gemm(drop(x, options.dropout), a, { transB: true })
      return add(base(x, path), gemm(hidden, b, { transB: true, alpha: scale }))
    },
  }
}

/**
 * Adapters for answering: matrices of any rank, with the scale already multiplied into B, so that one graph
 * serves every adapter on these layers, and the base model with zeros.
 */
export function swappableLora(
  base: Linear,
  paths: ReadonlyMap<string, readonly [out: number, into: number]>,
): Linear {
  return (x, path) => {
    const size = paths.get(path)
    if (!size) return base(x, path)
    const [out, into] = size
    const a = input(loraA(path), 'float32', ['rank', into])
    const b = input(loraB(path), 'float32', [out, 'rank'])
    return add(base(x, path), gemm(gemm(x, a, { transB: true }), b, { transB: true }))
  }
}

import { add, div, gemm, mul, reduceSum, sqrt, sub } from '../graph/ops.ts'
import { input, region } from '../graph/tensor.ts'
import type { InputTensor, Tensor } from '../graph/tensor.ts'
import type { ParameterShapes, Parameters } from '../models/weights.ts'
import { drop } from '../nn/dropout.ts'
import type { DropoutBank } from '../nn/dropout.ts'
import type { Linear, LinearWeight } from '../nn/layers.ts'
import type { LoraTarget } from './targets.ts'

/** The names of a layer's adapter matrices: PEFT's, without its prefix. */
export const loraA = (path: string): string => `${path}.lora_A.weight`
export const loraB = (path: string): string => `${path}.lora_B.weight`
/** The name of a DoRA layer's magnitudes `[out]`. */
export const magnitudeOf = (path: string): string => `${path}.lora_magnitude_vector`

export interface LoraLayers {
  readonly linear: Linear
  readonly weight: LinearWeight
  /**
   * What is fed: A `[rank, in]`, B `[out, rank]` and, with DoRA, the magnitudes `[out]` of each target, in the order
   * of the targets.
   */
  readonly leaves: readonly InputTensor[]
}

/** A linear layer as it is stored: its weight `[out, in]` and its bias `[out]`. */
export type StoredLinear = (path: string) => { readonly weight: Tensor; readonly bias: Tensor | null }

/** The stored linear layers among a model's parameters. */
export function storedLinear(parameters: Parameters, shapes: ParameterShapes): StoredLinear {
  return (path) => ({
    weight: parameters(`${path}.weight`),
    bias: shapes.has(`${path}.bias`) ? parameters(`${path}.bias`) : null,
  })
}

export interface TrainableLoraOptions {
  readonly dropout: DropoutBank | null
  readonly stored: StoredLinear
  /** Two thin products beside the layer even where nothing is dropped. */
  readonly thin?: boolean
}

/** A target with its leaves. */
interface Layer extends LoraTarget {
  readonly a: InputTensor
  readonly b: InputTensor
  readonly magnitude: InputTensor | null
}

/**
 * Adds low-rank adapters to linear layers: `y = W·x + scale·B·(A·dropout(x))` (Hu et al. 2021). Where nothing is
 * dropped the merged weight `W + scale·B·A` is formed instead, which costs less than a second pass over the
 * activations as soon as there are more tokens than rows in W. For layers with DoRA see `doraLinear`.
 */
export function trainableLora(
  base: Linear,
  targets: readonly LoraTarget[],
  { dropout, stored, thin = false }: TrainableLoraOptions,
): LoraLayers {
  const layers = new Map(targets.map((target) => [target.path, layerOf(target)]))
  return {
    leaves: [...layers.values()].flatMap(({ a, b, magnitude }) => (magnitude ? [a, b, magnitude] : [a, b])),
    weight: (path) => {
      const { weight, bias } = stored(path)
      const layer = layers.get(path)
      if (bias || weight.kind === 'region' || layer?.magnitude || (layer && (dropout || thin))) return null
      return layer ? mergedWeight(weight, layer) : weight
    },
    linear: (x, path) => {
      const layer = layers.get(path)
      if (!layer) return base(x, path)
      if (layer.magnitude) return doraLinear(x, layer, { base, dropout, stored })
      if (dropout || thin) return add(base(x, path), update(drop(x, dropout), layer))
      const { weight, bias } = stored(path)
      return mergedProduct(x, { weight, bias }, layer)
    },
  }
}

/**
 * A layer with DoRA (Liu et al. 2024): the rows of the merged weight are scaled to the magnitudes, and their norms
 * count as constants in the gradient: `s = m / ‖W + scale·B·A‖`, `y = s·(W + scale·B·A)·x`. With dropout as PEFT has
 * it: `y = W·x + (s − 1)·W·dropout(x) + s·scale·B·A·dropout(x)`.
 */
function doraLinear(
  x: Tensor,
  layer: Layer,
  { base, dropout, stored }: { base: Linear; dropout: DropoutBank | null; stored: StoredLinear },
): Tensor {
  const { weight, bias } = stored(layer.path)
  const factors = rowFactors(weight, layer)
  if (!dropout) {
    const scaled = mul(mergedProduct(x, { weight, bias: null }, layer), factors)
    return bias ? add(scaled, bias) : scaled
  }
  const dropped = drop(x, dropout)
  const plain = gemm(dropped, weight, { transB: true })
  return add(sub(base(x, layer.path), plain), mul(add(plain, update(dropped, layer)), factors))
}

/** `scale·B·(A·x)`. */
function update(x: Tensor, { a, b, scale }: Layer): Tensor {
  return gemm(gemm(x, a, { transB: true }), b, { transB: true, alpha: scale })
}

function mergedWeight(weight: Tensor, { a, b, scale }: Layer): Tensor {
  return gemm(b, a, { alpha: scale, plus: weight })
}

/** `(W + scale·B·A)·x + bias`, differentiated without the gradient of the whole weight. */
function mergedProduct(x: Tensor, { weight, bias }: ReturnType<StoredLinear>, layer: Layer): Tensor {
  const { a, b, scale } = layer
  const merged = mergedWeight(weight, layer)
  // A bias that is fed may be trained: the region's gradient goes past it.
  const within = bias && bias.kind !== 'input' ? { plus: bias } : {}
  const product = gemm(x, merged, { transB: true, ...within })
  const y = region('mergedLora', product, [x, weight, a, b], { attributes: { scale } })
  return bias?.kind === 'input' ? add(y, bias) : y
}

/** What DoRA multiplies the rows of the merged weight by, `[out]`; its gradient reaches the magnitudes alone. */
function rowFactors(weight: Tensor, layer: Layer): Tensor {
  const { path, magnitude } = layer
  if (!magnitude) throw new Error(`${path} has no magnitudes.`)
  const merged = mergedWeight(weight, layer)
  const norm = sqrt(reduceSum(mul(merged, merged), [1], false))
  return region('rowFactors', div(magnitude, norm), [magnitude], { saved: { norm } })
}

function layerOf(target: LoraTarget): Layer {
  const { path, rank, into, out, dora } = target
  return {
    ...target,
    a: input(loraA(path), 'float32', [rank, into]),
    b: input(loraB(path), 'float32', [out, rank]),
    magnitude: dora ? input(magnitudeOf(path), 'float32', [out]) : null,
  }
}

/** The name of what a layer's rows are multiplied by in answering, `[out]`: see `swappableLora`. */
export const rowFactorsOf = (path: string): string => `${path}.row_factors`

export interface SwappableOptions {
  readonly stored: StoredLinear
  /** The layers where adapters with DoRA can be fed: one product more for each element that they give. */
  readonly dora: ReadonlySet<string>
}

/**
 * Adapters for answering: matrices of any rank, with the scale already multiplied into B, so that one graph
 * serves every adapter on these layers, and the base model with zeros. For DoRA the factors of a layer's rows are
 * multiplied into B too and fed beside it, ones for other adapters: `y = factors·W·x + B·A·x + bias`.
 */
export function swappableLora(
  base: Linear,
  paths: ReadonlyMap<string, readonly [out: number, into: number]>,
  options: SwappableOptions,
): Linear {
  return (x, path) => {
    const size = paths.get(path)
    if (!size) return base(x, path)
    const [out, into] = size
    const a = input(loraA(path), 'float32', ['rank', into])
    const b = input(loraB(path), 'float32', [out, 'rank'])
    const added = (to: Tensor) => gemm(gemm(x, a, { transB: true }), b, { transB: true, plus: to })
    if (!options.dora.has(path)) return added(base(x, path))
    const { weight, bias } = options.stored(path)
    const factors = input(rowFactorsOf(path), 'float32', [out])
    const scaled = mul(gemm(x, weight, { transB: true }), factors)
    return added(bias ? add(scaled, bias) : scaled)
  }
}

import type { NamedTensor } from '../checkpoint/safetensors.ts'
import type { Model } from '../models/registry.ts'
import { readWeights } from '../models/weights.ts'
import type { LoraTarget } from './targets.ts'
import { loraA, loraB, magnitudeOf } from './wrap.ts'

/**
 * Makes a layer's weight `[out, in]` in place what the layer computes with its adapter: `W + scale·B·A`, and with
 * DoRA its rows scaled to the magnitudes. Sums in float64.
 */
export function mergeWeight(
  weight: Float32Array,
  target: LoraTarget,
  parameters: ReadonlyMap<string, NamedTensor>,
): void {
  addProduct(weight, target, parameters)
  if (!target.dora) return
  const factors = factorsOf(weight, target, parameters)
  const { into } = target
  for (let i = 0; i < weight.length; i++) weight[i] = (weight[i] ?? 0) * (factors[Math.floor(i / into)] ?? 1)
}

/** The norms of the rows of a matrix of `out` rows. */
export function rowNorms(weight: Float32Array, out: number): Float32Array {
  const width = weight.length / out
  return Float32Array.from({ length: out }, (_, row) => {
    let squares = 0
    for (let i = row * width; i < (row + 1) * width; i++) squares += (weight[i] ?? 0) ** 2
    return Math.sqrt(squares)
  })
}

/**
 * What DoRA multiplies the rows of each adapted layer by, `[out]` by module path; empty for adapters without it. Reads
 * the layers' weights from the model's files, one at a time.
 */
export async function readRowFactors(
  { architecture, weights }: Pick<Model, 'architecture' | 'weights'>,
  targets: readonly LoraTarget[],
  parameters: ReadonlyMap<string, NamedTensor>,
): Promise<ReadonlyMap<string, Float32Array>> {
  const factors = new Map<string, Float32Array>()
  for (const target of targets) {
    if (!target.dora) continue
    const name = `${target.path}.weight`
    const weight = (await readWeights(weights, architecture.parameters, [name])).get(name)
    if (!weight) throw new Error(`There is no weight ${name}.`)
    addProduct(weight.data, target, parameters)
    factors.set(target.path, factorsOf(weight.data, target, parameters))
  }
  return factors
}

function factorsOf(
  merged: Float32Array,
  { path, out }: LoraTarget,
  parameters: ReadonlyMap<string, NamedTensor>,
): Float32Array {
  const magnitudes = dataOf(parameters, magnitudeOf(path))
  const norms = rowNorms(merged, out)
  return magnitudes.map((magnitude, row) => magnitude / (norms[row] ?? 1))
}

/** Adds `scale·B·A` to a weight in place. */
function addProduct(
  weight: Float32Array,
  { path, out, into, rank, scale }: LoraTarget,
  parameters: ReadonlyMap<string, NamedTensor>,
): void {
  const a = dataOf(parameters, loraA(path))
  const b = dataOf(parameters, loraB(path))
  const sums = new Float64Array(into)
  for (let row = 0; row < out; row++) {
    sums.fill(0)
    for (let k = 0; k < rank; k++) {
      const factor = scale * (b[row * rank + k] ?? 0)
      if (factor === 0) continue
      const start = k * into
      for (let column = 0; column < into; column++)
        sums[column] = (sums[column] ?? 0) + factor * (a[start + column] ?? 0)
    }
    const start = row * into
    for (let column = 0; column < into; column++)
      weight[start + column] = (weight[start + column] ?? 0) + (sums[column] ?? 0)
  }
}

function dataOf(parameters: ReadonlyMap<string, NamedTensor>, name: string): Float32Array {
  const tensor = parameters.get(name)
  if (!tensor) throw new Error(`The adapter lacks ${name}.`)
  return tensor.data
}

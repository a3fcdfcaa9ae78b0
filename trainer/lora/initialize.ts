import type { NamedTensor } from '../checkpoint/safetensors.ts'
import { seededRandom } from '../data/random.ts'
import type { Model } from '../models/registry.ts'
import { readWeights } from '../models/weights.ts'
import { rowNorms } from './merged-weight.ts'
import type { LoraTarget } from './targets.ts'
import type { Trained } from './trained.ts'
import { loraA, loraB, magnitudeOf } from './wrap.ts'

/**
 * Fresh adapter matrices as PEFT draws them: A uniform within ±1/√in (Kaiming, a = √5), B zero, so that the
 * adapted model starts as the base model. A function of the seed and the layer's path.
 */
export function initializeLora(targets: readonly LoraTarget[], seed: number): Map<string, NamedTensor> {
  const parameters = new Map<string, NamedTensor>()
  for (const { path, rank, into, out } of targets) {
    const random = seededRandom(seed, 'lora', path)
    const bound = 1 / Math.sqrt(into)
    const a = Float32Array.from({ length: rank * into }, () => (2 * random() - 1) * bound)
    parameters.set(loraA(path), { shape: [rank, into], data: a })
    parameters.set(loraB(path), { shape: [out, rank], data: new Float32Array(out * rank) })
  }
  return parameters
}

/**
 * Where everything that is trained starts: fresh adapter matrices, the norms of the base's rows as DoRA's magnitudes
 * (Liu et al. 2024), and the base's own values of what is trained whole. Of the base no more than one adapted layer and
 * what is trained whole are in memory.
 */
export async function initializeTrained(
  { architecture, weights }: Pick<Model, 'architecture' | 'weights'>,
  { targets, whole }: Trained,
  seed: number,
): Promise<Map<string, NamedTensor>> {
  const parameters = initializeLora(targets, seed)
  for (const { path, out, dora } of targets) {
    if (!dora) continue
    const name = `${path}.weight`
    const weight = (await readWeights(weights, architecture.parameters, [name])).get(name)
    if (!weight) throw new Error(`There is no weight ${name}.`)
    parameters.set(magnitudeOf(path), { shape: [out], data: rowNorms(weight.data, out) })
  }
  for (const [name, tensor] of await readWeights(weights, architecture.parameters, whole))
    parameters.set(name, tensor)
  return parameters
}

/** The shapes of what `initializeTrained` gives. */
export function trainedShapes(
  { parameters }: Pick<Model['architecture'], 'parameters'>,
  { targets, whole }: Trained,
): ReadonlyMap<string, readonly number[]> {
  const shapes = new Map<string, readonly number[]>()
  for (const { path, rank, into, out, dora } of targets) {
    shapes.set(loraA(path), [rank, into])
    shapes.set(loraB(path), [out, rank])
    if (dora) shapes.set(magnitudeOf(path), [out])
  }
  for (const name of whole) shapes.set(name, parameters.get(name) ?? [])
  return shapes
}

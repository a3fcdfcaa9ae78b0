import type { NamedTensor } from '../checkpoint/safetensors.ts'
import { seededRandom } from '../data/random.ts'
import type { LoraTarget } from './targets.ts'
import { loraA, loraB } from './wrap.ts'

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

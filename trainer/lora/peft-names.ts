import { invalidAdapter } from './peft-config.ts'
import { loraA, loraB, magnitudeOf } from './wrap.ts'

/** What stands before every name in an adapter's file. */
export const peftPrefix = 'base_model.model.'

/** What PEFT's wrappers add to names; some versions leave the adapter's name, mostly `default`, in. */
const wrappers: readonly (readonly [RegExp, string])[] = [
  [/\.(lora_[AB])\.[^.]+\.(weight|bias)$/, '.$1.$2'],
  [/\.lora_magnitude_vector\..*$/, '.lora_magnitude_vector'],
  [/\.(lora_embedding_[AB])\..*$/, '.$1'],
  [/\.modules_to_save\.default\./, '.'],
  [/\.modules_to_save\./, '.'],
  [/\.base_layer\.(weight|bias)$/, '.$1'],
]

/** A tensor's name in an adapter's file, without PEFT's prefix and wrappers. */
export function plainName(name: string): string {
  return wrappers.reduce((plain, [wrapper, by]) => plain.replace(wrapper, by), name.slice(peftPrefix.length))
}

export interface SortedTensors {
  /** Layers with a LoRA matrix, in the order of the file. */
  readonly layers: readonly string[]
  /** Names of magnitudes. */
  readonly magnitudes: readonly string[]
  /** What is no LoRA matrix: saved modules, biases, or nothing of this model. */
  readonly others: readonly string[]
}

/**
 * Tells an adapter's tensors apart by their plain names.
 *
 * @throws TrainerError `adapter_invalid` for adapters of embeddings and biases of LoRA matrices, which would change what
 * the model computes.
 */
export function sortTensors(path: string, names: readonly string[]): SortedTensors {
  const layers = new Set<string>()
  const magnitudes: string[] = []
  const others: string[] = []
  for (const name of names) {
    const [, layer, part] = /^(.*)\.(lora_[A-Za-z_]+)(?:\.(?:weight|bias))?$/.exec(name) ?? []
    if (layer === undefined) others.push(name)
    else if (part === 'lora_embedding_A' || part === 'lora_embedding_B')
      throw invalidAdapter(path, `it adapts the embedding ${layer}; only linear layers are adapted here`)
    else if (name === loraA(layer) || name === loraB(layer)) layers.add(layer)
    else if (name === magnitudeOf(layer)) magnitudes.push(name)
    else throw invalidAdapter(path, `it holds ${name}, which is not supported`)
  }
  return { layers: [...layers], magnitudes, others }
}

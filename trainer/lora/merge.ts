import { encodeValues } from '../checkpoint/encode-values.ts'
import { readSafetensors, readSafetensorsBytes } from '../checkpoint/safetensors.ts'
import { writeSafetensors } from '../checkpoint/safetensors-writer.ts'
import type { PendingTensor } from '../checkpoint/safetensors-writer.ts'
import { TrainerError } from '../errors.ts'
import type { ModelWeights } from '../models/weights.ts'
import type { Adapter } from './peft-adapter.ts'
import type { LoraTarget } from './targets.ts'
import { loraA, loraB } from './wrap.ts'

export interface MergeOptions {
  readonly signal: AbortSignal
  readonly onProgress: (done: number, total: number) => void
}

/**
 * Writes a model's weights with an adapter multiplied into them, `W + scale·B·A` for each adapted layer (Hu et al.
 * 2021), as one safetensors file. Every tensor keeps its name, shape and type, so that weights which the
 * architecture shares stay shared; one is in memory at a time.
 *
 * @throws TrainerError `adapter_mismatch` where an adapted layer has no weight of its size, `weights_invalid` where
 * it is not of a type for reals, `cancelled`.
 */
export async function writeMergedWeights(
  path: string,
  weights: ModelWeights,
  adapter: Adapter,
  { signal, onProgress }: MergeOptions,
): Promise<{ readonly bytes: number; readonly tensors: number; readonly merged: number }> {
  const targets = new Map(adapter.targets.map((target) => [`${target.path}.weight`, target]))
  for (const [name, target] of targets) {
    const shape = weights.entries.get(name)?.shape.join()
    if (shape !== `${target.out},${target.into}`)
      throw new TrainerError(
        'adapter_mismatch',
        `The adapter adapts ${target.path}, which this model does not have in that size. Choose the model that the adapter was made for.`,
        { layer: target.path },
      )
  }
  let done = 0
  const tensors = [...weights.entries].map(([name, entry]): PendingTensor => {
    const target = targets.get(name)
    return {
      name,
      ...entry,
      async read() {
        if (signal.aborted)
          throw new TrainerError('cancelled', 'The merging was stopped. Nothing of it is left.')
        onProgress(done++, weights.entries.size)
        if (!target) return readSafetensorsBytes(entry)
        const { dtype } = entry
        const tensor = (await readSafetensors(entry.path, [name])).get(name)
        if (!tensor || (dtype !== 'F32' && dtype !== 'F16' && dtype !== 'BF16'))
          throw new TrainerError(
            'weights_invalid',
            `${name} is of type ${dtype}; F32, F16 and BF16 weights are merged. Convert the model.`,
            { name, dtype },
          )
        addProduct(tensor.data, target, adapter)
        return encodeValues(dtype, tensor.data)
      },
    }
  })
  // Wide types first, so that every tensor lies aligned.
  const order = (dtype: string) => (dtype.endsWith('64') ? 0 : dtype.endsWith('32') ? 1 : 2)
  tensors.sort((a, b) => order(a.dtype) - order(b.dtype) || (a.name < b.name ? -1 : 1))
  const bytes = await writeSafetensors(path, tensors, { format: 'pt' })
  return { bytes, tensors: tensors.length, merged: targets.size }
}

/** Adds `scale·B·A` to a weight `[out, in]` in place, summing in float64. */
function addProduct(weight: Float32Array, target: LoraTarget, { parameters }: Adapter): void {
  const { out, into, rank, scale } = target
  const a = parameters.get(loraA(target.path))?.data
  const b = parameters.get(loraB(target.path))?.data
  if (!a || !b) throw new Error(`The adapter lacks the matrices of ${target.path}.`)
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

import { encodeValues } from '../checkpoint/encode-values.ts'
import type { RealType } from '../checkpoint/encode-values.ts'
import { readSafetensorsBytes } from '../checkpoint/safetensors.ts'
import type { SafetensorsType } from '../checkpoint/safetensors.ts'
import { writeSafetensors } from '../checkpoint/safetensors-writer.ts'
import type { PendingTensor } from '../checkpoint/safetensors-writer.ts'
import { TrainerError } from '../errors.ts'
import type { Model } from '../models/registry.ts'
import { readWeights } from '../models/weights.ts'
import type { StoredWeight } from '../models/weights.ts'
import { mergeWeight } from './merged-weight.ts'
import type { Adapter } from './peft-adapter.ts'
import { namesOf } from './tied-parameters.ts'

export interface MergeOptions {
  readonly signal: AbortSignal
  readonly onProgress: (done: number, total: number) => void
}

/**
 * Writes a model's weights with an adapter multiplied into them, `W + scale·B·A` for each adapted layer (Hu et al.
 * 2021), its rows scaled where the adapter has DoRA, and what the adapter keeps whole in place of the base's, as one
 * safetensors file. Every tensor keeps its shape and type and stands under the name of its parameter, so that weights
 * which the architecture shares stay shared; one is in memory at a time. A parameter that the base lacks is added.
 *
 * @throws TrainerError `adapter_mismatch` where an adapted layer has no weight of its size, `weights_invalid` where
 * it is not of a type for reals, `cancelled`.
 */
export async function writeMergedWeights(
  path: string,
  { architecture, weights }: Pick<Model, 'architecture' | 'weights'>,
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
  const replaced = savedTensors(adapter, architecture.parameters)
  const added = [...replaced.keys()].filter(
    (name) => architecture.parameters.has(name) && !weights.entries.has(name),
  )
  const total = weights.entries.size + added.length
  let done = 0
  const pending = (
    name: string,
    { dtype, shape, length }: Pick<StoredWeight, 'dtype' | 'shape' | 'length'>,
    read: () => Promise<Uint8Array>,
  ): PendingTensor => ({
    name,
    dtype,
    shape,
    length,
    async read() {
      if (signal.aborted)
        throw new TrainerError('cancelled', 'The merging was stopped. Nothing of it is left.')
      onProgress(done++, total)
      return read()
    },
  })
  const tensors = [...weights.entries].map(([name, entry]) =>
    pending(name, entry, async () => {
      const saved = replaced.get(name)
      // Copied, since an encoding may use the memory that it is given.
      if (saved) return encodeValues(realType(name, entry.dtype), saved.data.slice())
      const target = targets.get(name)
      if (!target) return readSafetensorsBytes(entry)
      const type = realType(name, entry.dtype)
      const tensor = (await readWeights(weights, architecture.parameters, [name])).get(name)
      if (!tensor) throw new Error(`There is no weight ${name}.`)
      mergeWeight(tensor.data, target, adapter.parameters)
      return encodeValues(type, tensor.data)
    }),
  )
  const dtype = commonType(weights.entries.values())
  for (const name of added) {
    const saved = replaced.get(name)
    if (!saved) continue
    const { shape, data } = saved
    const length = data.length * (dtype === 'F32' ? 4 : 2)
    const read = () => Promise.resolve(encodeValues(dtype, data.slice()))
    tensors.push(pending(name, { dtype, shape, length }, read))
  }
  // Wide types first, so that every tensor lies aligned.
  const order = (dtype: string) => (dtype.endsWith('64') ? 0 : dtype.endsWith('32') ? 1 : 2)
  tensors.sort((a, b) => order(a.dtype) - order(b.dtype) || (a.name < b.name ? -1 : 1))
  const bytes = await writeSafetensors(path, tensors, { format: 'pt' })
  return { bytes, tensors: tensors.length, merged: targets.size + adapter.savedModules.length }
}

/** What the adapter keeps whole, under every name that the files may hold it by. */
function savedTensors({ savedModules, parameters }: Adapter, shapes: Model['architecture']['parameters']) {
  return new Map(
    savedModules.flatMap((parameter) => {
      const tensor = parameters.get(parameter)
      return tensor ? namesOf(parameter, shapes).map((name) => [name, tensor] as const) : []
    }),
  )
}

function realType(name: string, dtype: SafetensorsType): RealType {
  if (dtype === 'F32' || dtype === 'F16' || dtype === 'BF16') return dtype
  throw new TrainerError(
    'weights_invalid',
    `${name} is of type ${dtype}; F32, F16 and BF16 weights are merged. Convert the model.`,
    { name, dtype },
  )
}

function commonType(entries: Iterable<StoredWeight>): RealType {
  for (const { dtype } of entries) if (dtype === 'F16' || dtype === 'BF16') return dtype
  return 'F32'
}

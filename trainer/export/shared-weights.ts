import { join } from 'node:path'
import { encodeValues } from '../checkpoint/encode-values.ts'
import { readSafetensorsHeader } from '../checkpoint/safetensors.ts'
import { writeSafetensors } from '../checkpoint/safetensors-writer.ts'
import { TrainerError } from '../errors.ts'
import { readWeights } from '../models/weights.ts'
import type { ModelWeights, ParameterShapes } from '../models/weights.ts'

/**
 * The file that every model of an export takes its weights from: a safetensors file, under the name by which ONNX's
 * tools look for the weights of `model.onnx`.
 */
export const weightsFile = 'model.onnx_data'

export type ExportType = 'F32' | 'F16'

export interface SharedWeightsOptions {
  readonly dtype: ExportType
  readonly signal: AbortSignal
  readonly onProgress: (done: number, total: number) => void
}

const largestHalf = 65504

/**
 * Writes a model's parameters, each once and all of one type, into `folder`; one is in memory at a time. Returns where
 * they lie then.
 *
 * @throws TrainerError `weights_missing` where a parameter was never trained, `weights_invalid` where a value does not
 * fit in F16, `cancelled`.
 */
export async function writeSharedWeights(
  folder: string,
  model: { readonly weights: ModelWeights; readonly shapes: ParameterShapes },
  { dtype, signal, onProgress }: SharedWeightsOptions,
): Promise<ModelWeights> {
  const { weights, shapes } = model
  const untrained = [...shapes.keys()].filter((name) => !weights.entries.has(name))
  if (untrained.length > 0)
    throw new TrainerError(
      'weights_missing',
      `The model has no ${untrained.join(', ')} yet, so it answers nothing. Train it first, and export it with its adapter.`,
      { missing: untrained.join(' ') },
    )
  const names = [...shapes.keys()].toSorted()
  let done = 0
  const tensors = names.map((name) => {
    const shape = shapes.get(name) ?? []
    return {
      name,
      dtype,
      shape,
      length: shape.reduce((total, dim) => total * dim, dtype === 'F32' ? 4 : 2),
      async read() {
        if (signal.aborted)
          throw new TrainerError('cancelled', 'The export was stopped. Nothing of it is left.')
        onProgress(done++, names.length)
        const values = (await readWeights(weights, shapes, [name])).get(name)?.data
        if (!values) throw new Error(`There is no weight ${name}.`)
        if (dtype === 'F16') requireHalf(name, values)
        return encodeValues(dtype, values)
      },
    }
  })
  const path = join(folder, weightsFile)
  await writeSafetensors(path, tensors, { format: 'pt' })
  onProgress(names.length, names.length)
  const { entries } = await readSafetensorsHeader(path)
  return {
    folder,
    entries: new Map([...entries].map(([name, entry]) => [name, { ...entry, path, key: name }])),
  }
}

function requireHalf(name: string, values: Float32Array): void {
  for (const value of values)
    if (Math.abs(value) > largestHalf)
      throw new TrainerError(
        'weights_invalid',
        `${name} holds the value ${value}, which does not fit in F16 (at most ${largestHalf}). Export in F32.`,
        { name },
      )
}

import { mkdir } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { encodeSafetensors } from '../checkpoint/safetensors.ts'
import type { NamedTensor } from '../checkpoint/safetensors.ts'
import { writeAtomic } from '../checkpoint/write-atomic.ts'
import { saveAdapter } from '../lora/save-adapter.ts'
import type { Trained } from '../lora/trained.ts'
import { copyModelFiles } from '../models/model-files.ts'
import type { Model } from '../models/registry.ts'
import { readWeights } from '../models/weights.ts'
import type { Settings } from '../settings.ts'

/**
 * Writes what a run made into its folder and returns the path: `adapter/` in PEFT's form, or, where the model itself
 * was trained, `model/` as a Hugging Face folder with the base's configuration and tokenizer.
 */
export async function saveResult(
  runDir: string,
  model: Model,
  result: {
    parameters: ReadonlyMap<string, NamedTensor>
    trained: Trained
    settings: Settings
  },
): Promise<string> {
  const { parameters, trained, settings } = result
  if (trained.method === 'lora') {
    const folder = join(runDir, 'adapter')
    await saveAdapter(folder, parameters, {
      baseModel: basename(model.folder),
      architecture: model.architecture,
      trained,
      settings,
    })
    return folder
  }
  const folder = join(runDir, 'model')
  await mkdir(folder, { recursive: true })
  await copyModelFiles(model.folder, folder)
  const { architecture, weights } = model
  const all = await readWeights(weights, architecture.parameters, [...architecture.parameters.keys()])
  const tuned = new Map([...all, ...parameters])
  await writeAtomic(join(folder, 'model.safetensors'), encodeSafetensors(tuned, { format: 'pt' }))
  return folder
}

import { mkdir } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { encodeSafetensors } from '../checkpoint/safetensors.ts'
import type { NamedTensor } from '../checkpoint/safetensors.ts'
import { writeAtomic } from '../checkpoint/write-atomic.ts'
import { saveAdapter } from '../lora/peft-adapter.ts'
import type { LoraTarget } from '../lora/targets.ts'
import { copyModelFiles } from '../models/model-files.ts'
import type { Model } from '../models/registry.ts'
import type { Settings } from '../settings.ts'

/**
 * Writes what a run made into its folder and returns the path: `adapter/` in PEFT's form, or, where every weight
 * was trained (`targets` null), `model/` as a Hugging Face folder with the base's configuration and tokenizer.
 */
export async function saveResult(
  runDir: string,
  model: Model,
  result: {
    parameters: ReadonlyMap<string, NamedTensor>
    targets: readonly LoraTarget[] | null
    settings: Settings
  },
): Promise<string> {
  const { parameters, targets, settings } = result
  if (targets) {
    const folder = join(runDir, 'adapter')
    await saveAdapter(folder, parameters, {
      baseModel: basename(model.folder),
      rank: settings.rank,
      alpha: settings.alpha,
      dropout: settings.loraDropout,
      rankStabilized: settings.rankStabilized,
      targetModules: targetModuleNames(targets, settings),
    })
    return folder
  }
  const folder = join(runDir, 'model')
  await mkdir(folder, { recursive: true })
  await copyModelFiles(model.folder, folder)
  await writeAtomic(join(folder, 'model.safetensors'), encodeSafetensors(parameters, { format: 'pt' }))
  return folder
}

/**
 * `target_modules` as PEFT reads them. Where only some blocks are adapted every layer is named in full: PEFT's
 * `layers_to_transform` would take T5's inner `layer.<n>` for the block's number.
 */
function targetModuleNames(targets: readonly LoraTarget[], settings: Settings): readonly string[] {
  if (settings.layersToTransform) return targets.map((target) => target.path)
  if (settings.targetModules !== 'all-linear') return settings.targetModules
  return [...new Set(targets.map(({ path }) => path.slice(path.lastIndexOf('.') + 1)))].sort()
}

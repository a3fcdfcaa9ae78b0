import { join } from 'node:path'
import type { TrainerContext } from './context.ts'
import { TrainerError } from './errors.ts'
import { loadAdapter } from './lora/peft-adapter.ts'
import { readPeftConfig } from './lora/peft-config.ts'
import type { PeftConfig } from './lora/peft-config.ts'
import { addedParameters, adapterTrained } from './lora/trained.ts'
import { openModel } from './models/registry.ts'
import type { InspectAdapterCommand, InspectAdapterResult } from './protocol.ts'
import { parseSettings } from './settings.ts'
import type { Settings } from './settings.ts'

/**
 * Reads an adapter for a model and says what is in it, without answering with it.
 *
 * @throws TrainerError as `openModel` and `loadAdapter` do.
 */
export async function inspectAdapter(
  { model: modelFolder, adapter: folder }: InspectAdapterCommand,
  { report }: TrainerContext,
): Promise<InspectAdapterResult> {
  report({ type: 'phase', phase: 'loading' })
  const { architecture, parameterCount } = await openModel(modelFolder)
  const adapter = await loadAdapter(folder, architecture)
  const config = await readPeftConfig(join(folder, 'adapter_config.json'))
  const { targets, savedModules, notes } = adapter
  const whole = savedModules.reduce((sum, name) => sum + (adapter.parameters.get(name)?.data.length ?? 0), 0)
  return {
    type: 'result',
    kind: 'inspect-adapter',
    baseModel: config.base_model_name_or_path ?? null,
    layers: targets.length,
    modules: [...new Set(targets.map(({ path }) => path.slice(path.lastIndexOf('.') + 1)))],
    ranks: [...new Set(targets.map(({ rank }) => rank))].sort((a, b) => a - b),
    dora: targets.some(({ dora }) => dora),
    savedModules,
    parameters: addedParameters(adapterTrained(adapter)) + whole,
    modelParameters: parameterCount,
    settings: settingsOf(config),
    notes,
  }
}

/** What would have trained such an adapter here, as far as its configuration says. */
function settingsOf(config: PeftConfig): Settings {
  const { target_modules: modules } = config
  const said = {
    rank: config.r,
    alpha: config.lora_alpha,
    loraDropout: config.lora_dropout ?? 0,
    rankStabilized: config.use_rslora ?? false,
    useDora: config.use_dora ?? false,
    rankPattern: filled(config.rank_pattern),
    alphaPattern: filled(config.alpha_pattern),
    modulesToSave: filled(config.modules_to_save),
    ...(modules && modules.length > 0 ? { targetModules: [modules].flat() } : {}),
  }
  try {
    return parseSettings(said)
  } catch (thrown) {
    // An alpha of 0, say: nothing that could be trained here.
    if (thrown instanceof TrainerError) return parseSettings({})
    throw thrown
  }
}

function filled<T extends object>(value: T | null | undefined): T | null {
  return value && Object.keys(value).length > 0 ? value : null
}

import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { encodeSafetensors } from '../checkpoint/safetensors.ts'
import type { NamedTensor } from '../checkpoint/safetensors.ts'
import { writeAtomic } from '../checkpoint/write-atomic.ts'
import type { Settings } from '../settings.ts'
import { isPattern } from './module-pattern.ts'
import type { AdaptableArchitecture } from './peft-adapter.ts'
import { taskTypes } from './peft-config.ts'
import { peftPrefix } from './peft-names.ts'
import type { LinearSizes, LoraTarget } from './targets.ts'
import { endsInModule } from './targets.ts'
import { namesOf } from './tied-parameters.ts'
import { modulesOf } from './trained.ts'
import type { Trained } from './trained.ts'

export interface AdapterDescription {
  /** The base model's name. */
  readonly baseModel: string
  readonly architecture: AdaptableArchitecture
  readonly trained: Pick<Trained, 'targets' | 'whole'>
  readonly settings: Pick<
    Settings,
    | 'rank'
    | 'alpha'
    | 'loraDropout'
    | 'rankStabilized'
    | 'useDora'
    | 'rankPattern'
    | 'alphaPattern'
    | 'targetModules'
    | 'layersToTransform'
  >
}

/**
 * Writes an adapter as PEFT does: `adapter_model.safetensors` with PEFT's names, then `adapter_config.json`, so
 * that a folder with a config is whole. A parameter that PEFT knows as several modules is written for each of them.
 */
export async function saveAdapter(
  folder: string,
  parameters: ReadonlyMap<string, NamedTensor>,
  { baseModel, architecture, trained, settings }: AdapterDescription,
): Promise<void> {
  await mkdir(folder, { recursive: true })
  const whole = new Set(trained.whole)
  const named = [...parameters].flatMap(([name, tensor]) =>
    (whole.has(name) ? namesOf(name, architecture.parameters) : [name]).map(
      (written) => [peftPrefix + written, tensor] as const,
    ),
  )
  named.sort(([a], [b]) => (a < b ? -1 : 1))
  await writeAtomic(
    join(folder, 'adapter_model.safetensors'),
    encodeSafetensors(new Map(named), { format: 'pt' }),
  )
  const saved = modulesOf(trained.whole.flatMap((name) => namesOf(name, architecture.parameters)))
  const config = {
    alpha_pattern: settings.alphaPattern ?? {},
    base_model_name_or_path: baseModel,
    bias: 'none',
    fan_in_fan_out: false,
    inference_mode: true,
    init_lora_weights: true,
    lora_alpha: settings.alpha,
    lora_dropout: settings.loraDropout,
    modules_to_save: saved.length > 0 ? saved : null,
    peft_type: 'LORA',
    r: settings.rank,
    rank_pattern: settings.rankPattern ?? {},
    target_modules: targetModuleNames(trained.targets, architecture.linears, settings),
    // PEFT's wrapper for QUESTION_ANS (0.21) does not pass token types on; without a task it passes everything.
    task_type: architecture.kind === 'extractive' ? null : taskTypes[architecture.kind],
    use_dora: settings.useDora,
    use_rslora: settings.rankStabilized,
  }
  await writeAtomic(join(folder, 'adapter_config.json'), `${JSON.stringify(config, null, 2)}\n`)
}

/**
 * `target_modules` as PEFT reads them: the last names of the adapted layers where these choose just them, else every
 * layer in full, since PEFT's `layers_to_transform` and patterns see paths in ways of their own.
 */
function targetModuleNames(
  targets: readonly LoraTarget[],
  linears: LinearSizes,
  { targetModules }: Pick<Settings, 'targetModules'>,
): readonly string[] {
  const given = targetModules === 'all-linear' || targetModules.some(isPattern) ? null : targetModules
  const names = given ?? [...new Set(targets.map(({ path }) => path.slice(path.lastIndexOf('.') + 1)))].sort()
  const chosen = [...linears.keys()].filter((path) => names.some((name) => endsInModule(path, name)))
  return chosen.length === targets.length ? names : targets.map(({ path }) => path)
}

import { TrainerError } from '../errors.ts'
import type { Architecture } from '../models/architecture.ts'
import { blockIndex, chooseTargets, endsInModule } from './targets.ts'
import type { Adapter } from './peft-adapter.ts'
import type { LoraOptions, LoraTarget } from './targets.ts'

/** What a run trains. */
export interface Trained {
  readonly method: 'lora' | 'full'
  /** The layers with an adapter; none in full fine-tuning. */
  readonly targets: readonly LoraTarget[]
  /** Parameters that are trained as they are: PEFT's `modules_to_save`, or all that are not frozen. */
  readonly whole: readonly string[]
}

export interface TrainedOptions extends LoraOptions {
  readonly method: 'lora' | 'full'
  readonly modulesToSave?: readonly string[] | null
  readonly frozenLayers?: readonly string[] | null
  readonly freezeEmbeddings?: boolean
}

/**
 * What the settings say to train. With LoRA: adapters on the chosen layers, the modules in `modulesToSave` whole,
 * and always those that the base may lack (a span head). In full fine-tuning: every parameter that `frozenLayers` and
 * `freezeEmbeddings` leave.
 *
 * @throws TrainerError `setting_invalid` as `chooseTargets` does, for a name in `modulesToSave` or `frozenLayers`
 * that matches nothing, and where nothing is left to train.
 */
export function chooseTrained(
  architecture: Pick<Architecture, 'parameters' | 'linears' | 'freshParameters'>,
  settings: TrainedOptions,
): Trained {
  const names = [...architecture.parameters.keys()]
  if (settings.method === 'full') {
    const frozen = frozenNames(names, settings)
    const whole = names.filter((name) => !frozen.has(name))
    if (whole.length === 0)
      throw new TrainerError(
        'setting_invalid',
        'frozenLayers and freezeEmbeddings together leave nothing to train. Freeze less.',
      )
    return { method: 'full', targets: [], whole }
  }
  const saved = savedNames(names, settings.modulesToSave ?? [])
  const whole = names.filter((name) => saved.has(name) || architecture.freshParameters.has(name))
  // A module that is trained whole gets no adapter, as in PEFT.
  const linears = new Map([...architecture.linears].filter(([path]) => !whole.includes(`${path}.weight`)))
  return { method: 'lora', targets: chooseTargets(linears, settings), whole }
}

/** The modules that parameters belong to, as paths: a parameter's name without its last part. */
export function modulesOf(names: readonly string[]): readonly string[] {
  return [...new Set(names.map((name) => name.slice(0, name.lastIndexOf('.'))))]
}

function savedNames(names: readonly string[], modules: readonly string[]): ReadonlySet<string> {
  const saved = new Set<string>()
  for (const module of modules) {
    const found = names.filter((name) => enclosing(name).some((path) => endsInModule(path, module)))
    if (found.length === 0) {
      const isTied = module === 'lm_head' && names.some((name) => /(^|\.)(shared|wte)\./.test(name))
      const tied = isTied ? ' Its head is its embedding: name that.' : ''
      throw new TrainerError(
        'setting_invalid',
        `modulesToSave names ${module}, which this model does not have.${tied} It has: ${moduleNames(names)}.`,
        { name: module },
      )
    }
    for (const name of found) saved.add(name)
  }
  return saved
}

function frozenNames(
  names: readonly string[],
  { frozenLayers, freezeEmbeddings }: TrainedOptions,
): ReadonlySet<string> {
  const frozen = new Set<string>()
  for (const layer of frozenLayers ?? []) {
    const found = names.filter((name) => liesIn(name, layer))
    if (found.length === 0)
      throw new TrainerError(
        'setting_invalid',
        `frozenLayers names ${layer}, which this model does not have. Name a block by its number (0 to ${Math.max(...names.map(blockIndex))}), or one of: ${moduleNames(names)}.`,
        { name: layer },
      )
    for (const name of found) frozen.add(name)
  }
  const embeddings = /(^|\.)(shared|wte|wpe|embeddings)\./
  if (freezeEmbeddings) for (const name of names) if (embeddings.test(name)) frozen.add(name)
  return frozen
}

/** Whether a parameter lies in a block of that number, or in a module with that name or path. */
function liesIn(name: string, layer: string): boolean {
  return /^\d+$/.test(layer) ? blockIndex(name) === Number(layer) : `.${name}`.includes(`.${layer}.`)
}

/** Every module that a parameter lies in, the innermost last. */
function enclosing(name: string): readonly string[] {
  const parts = name.split('.').slice(0, -1)
  return parts.map((_, i) => parts.slice(0, i + 1).join('.'))
}

/** The last names of all modules with parameters, blocks' numbers left out. */
function moduleNames(names: readonly string[]): string {
  const last = names.map((name) => name.split('.').at(-2) ?? name)
  return [...new Set(last)].join(', ')
}

/** What an adapter that was read trains, for the loss of a model with it; nothing without one. */
export function adapterTrained(adapter: Adapter | null): Trained {
  if (!adapter) return { method: 'lora', targets: [], whole: [] }
  return { method: 'lora', targets: adapter.targets, whole: adapter.savedModules }
}

/** Parameters that training adds to those of the model. */
export function addedParameters({ targets }: Trained): number {
  return targets.reduce((sum, { rank, into, out, dora }) => sum + rank * (into + out) + (dora ? out : 0), 0)
}

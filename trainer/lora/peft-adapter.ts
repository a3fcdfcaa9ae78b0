import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { readSafetensors, readSafetensorsHeader } from '../checkpoint/safetensors.ts'
import type { NamedTensor } from '../checkpoint/safetensors.ts'
import { TrainerError } from '../errors.ts'
import { sameShape } from '../graph/shape.ts'
import { readAnswerRule } from '../models/answer-rule.ts'
import type { AnswerRule } from '../models/answer-rule.ts'
import type { Architecture } from '../models/architecture.ts'
import { PatternError } from './module-pattern.ts'
import { invalidAdapter, notesOf, readPeftConfig } from './peft-config.ts'
import type { PeftConfig } from './peft-config.ts'
import { peftPrefix, plainName, sortTensors } from './peft-names.ts'
import { findSavedModules, readSavedModules } from './saved-modules.ts'
import { endsInModule, patternLookup, scaleOf } from './targets.ts'
import type { LoraTarget } from './targets.ts'
import { loraA, loraB, magnitudeOf } from './wrap.ts'

/** An adapter that was read. */
export interface Adapter {
  /** Its layers with rank and scale. */
  readonly targets: readonly LoraTarget[]
  /** Its matrices by name (see `loraA`), DoRA's magnitudes, and the parameters in `savedModules`. */
  readonly parameters: ReadonlyMap<string, NamedTensor>
  /** Parameters of the base, by their Hugging Face names, that the adapter has values of its own for. */
  readonly savedModules: readonly string[]
  /** What its files hold or ask for without effect here, in sentences. */
  readonly notes: readonly string[]
  /** Of a model with a span head: when the adapted model says that there is no answer. */
  readonly answerRule?: AnswerRule
}

/** What an adapter is read for. */
export type AdaptableArchitecture = Pick<Architecture, 'kind' | 'linears' | 'parameters'>

/**
 * Reads a PEFT LoRA adapter for a model. Ranks are those of the matrices, scales what the configuration gives them;
 * what has no effect is told in `notes`.
 *
 * @throws TrainerError `file_missing`, `adapter_invalid` for what is not LoRA or DoRA on linear layers, for matrices
 * that are incomplete or not those that the configuration describes, and for weights that can only be read by running
 * code; `adapter_mismatch` where a layer is missing in the model or has another shape.
 */
export async function loadAdapter(folder: string, architecture: AdaptableArchitecture): Promise<Adapter> {
  const config = await readPeftConfig(join(folder, 'adapter_config.json'))
  const path = join(folder, 'adapter_model.safetensors')
  await refusePickle(folder, path)
  // The header alone: values are read once it is known that the model has a place for them.
  const stored = await readSafetensorsHeader(path)
  const tensors = new Map<string, { readonly shape: readonly number[]; readonly name: string }>()
  const foreign: string[] = []
  for (const [name, { shape }] of stored.entries) {
    if (!name.startsWith(peftPrefix)) {
      foreign.push(name)
      continue
    }
    const plain = plainName(name)
    if (tensors.has(plain)) throw invalidAdapter(path, `it holds ${plain} twice`)
    tensors.set(plain, { shape, name })
  }
  const sorted = sortTensors(path, [...tensors.keys()])
  if (sorted.layers.length === 0)
    throw invalidAdapter(
      path,
      `it holds no LoRA matrices${foreign[0] === undefined ? '' : `; its tensor ${foreign[0]} does not have PEFT's name`}`,
    )
  const targets = readTargets(path, sorted.layers, { tensors, config, architecture })
  const found = findSavedModules(path, sorted.others, { tensors, parameters: architecture.parameters })
  const unusedMagnitudes = config.use_dora ? [] : sorted.magnitudes
  const matrices = targets.flatMap(({ path: layer, dora }) => [
    loraA(layer),
    loraB(layer),
    ...(dora ? [magnitudeOf(layer)] : []),
  ])
  const needed = [...matrices, ...[...found.sources.values()].flat()]
  const stand = new Set(needed.flatMap((name) => tensors.get(name)?.name ?? []))
  const values = await readSafetensors(path, [...stand])
  const valueOf = (name: string) => values.get(tensors.get(name)?.name ?? '')
  const saved = readSavedModules(path, found, valueOf)
  const answerRule = architecture.kind === 'extractive' ? await readAnswerRule(folder) : null
  const parameters = new Map(saved)
  for (const name of matrices) {
    const tensor = valueOf(name)
    if (tensor) parameters.set(name, tensor)
  }
  return {
    targets,
    parameters,
    savedModules: [...saved.keys()],
    notes: [
      ...notesOf(config, architecture.kind),
      ...targetNotes(config, targets),
      ...savedNotes(config, [...saved.keys(), ...sorted.others]),
      ...unusedNote([...foreign, ...found.unused, ...unusedMagnitudes]),
    ],
    ...(answerRule ? { answerRule } : {}),
  }
}

async function refusePickle(folder: string, path: string): Promise<void> {
  const exists = (file: string) =>
    stat(file).then(
      () => true,
      () => false,
    )
  if ((await exists(path)) || !(await exists(join(folder, 'adapter_model.bin')))) return
  throw invalidAdapter(
    join(folder, 'adapter_model.bin'),
    'it is a pickle, which can run code when it is read. Save the adapter as safetensors, as PEFT does by default',
  )
}

interface AdapterSource {
  readonly tensors: ReadonlyMap<string, { readonly shape: readonly number[] }>
  readonly config: PeftConfig
  readonly architecture: AdaptableArchitecture
}

function readTargets(path: string, layers: readonly string[], source: AdapterSource): readonly LoraTarget[] {
  const { config } = source
  const alphaOf = lookupOf(path, 'alpha_pattern', config)
  const rankOf = lookupOf(path, 'rank_pattern', config)
  return layers.map((layer) => {
    const target = readTarget(path, layer, source)
    const rank = rankOf(layer) ?? config.r
    if (target.rank !== rank)
      throw invalidAdapter(path, `${layer} has rank ${target.rank}, adapter_config.json says ${rank}`)
    const scale = scaleOf(alphaOf(layer) ?? config.lora_alpha, rank, config.use_rslora ?? false)
    return { ...target, scale }
  })
}

function lookupOf(
  path: string,
  field: 'rank_pattern' | 'alpha_pattern',
  config: PeftConfig,
): (layer: string) => number | undefined {
  const understood = <T>(work: () => T): T => {
    try {
      return work()
    } catch (thrown) {
      if (!(thrown instanceof PatternError)) throw thrown
      throw invalidAdapter(path, `its ${field} is not understood: ${thrown.message}`)
    }
  }
  const lookup = understood(() => patternLookup(config[field] ?? {}))
  return (layer) => understood(() => lookup(layer))
}

/** A layer's matrices, checked against the model; its scale is not known yet. */
function readTarget(
  path: string,
  layer: string,
  { tensors, config, architecture }: AdapterSource,
): LoraTarget {
  const a = tensors.get(loraA(layer))
  const b = tensors.get(loraB(layer))
  if (!a || !b) throw invalidAdapter(path, `${layer} lacks one of its two matrices`)
  const size = architecture.linears.get(layer)
  if (!size && (architecture.parameters.has(`${layer}.weight`) || layer === 'lm_head'))
    throw invalidAdapter(
      path,
      `it adapts ${layer}, which lies outside of the model's blocks; only linear layers inside them are adapted here`,
    )
  if (!size) throw mismatch(layer, `The adapter adapts ${layer}, which this model does not have.`)
  const [out, into] = size
  const rank = a.shape[0] ?? 0
  if (!sameShape(a.shape, [rank, into]) || !sameShape(b.shape, [out, rank]) || rank === 0)
    throw mismatch(
      layer,
      `The adapter's matrices of ${layer} are [${a.shape.join(', ')}] and [${b.shape.join(', ')}], the layer is [${out}, ${into}].`,
    )
  const dora = config.use_dora ?? false
  const magnitude = tensors.get(magnitudeOf(layer))
  if (dora && !magnitude) throw invalidAdapter(path, `${layer} lacks its lora_magnitude_vector`)
  if (dora && magnitude && !sameShape(magnitude.shape, [out]))
    throw mismatch(
      layer,
      `The adapter's magnitudes of ${layer} are [${magnitude.shape.join(', ')}], the layer is [${out}, ${into}].`,
    )
  return { path: layer, out, into, rank, scale: 1, dora }
}

function targetNotes(
  { target_modules: modules }: PeftConfig,
  targets: readonly LoraTarget[],
): readonly string[] {
  // A text is a regular expression; what it chose is what the file holds.
  if (!Array.isArray(modules)) return []
  const idle = modules.filter((name) => !targets.some(({ path }) => endsInModule(path, name)))
  return idle.length === 0
    ? []
    : [`target_modules names ${idle.join(', ')}, which none of the adapted layers is.`]
}

function savedNotes(
  { modules_to_save: modules, bias }: PeftConfig,
  names: readonly string[],
): readonly string[] {
  const absent = (modules ?? []).filter((module) => !names.some((name) => name.includes(module)))
  return [
    absent.length > 0
      ? `modules_to_save names ${absent.join(', ')}, which the file does not hold: the base's are used.`
      : '',
    bias && bias !== 'none' && !names.some((name) => name.endsWith('.bias'))
      ? `bias is ${bias}, but the file holds no biases: the base's are used.`
      : '',
  ].filter((note) => note !== '')
}

function unusedNote(unused: readonly string[]): readonly string[] {
  if (unused.length === 0) return []
  const shown = unused.slice(0, 5).join(', ')
  const more = unused.length > 5 ? ` and ${unused.length - 5} more` : ''
  return [`The file also holds ${shown}${more}, which this model has no place for; that has no effect.`]
}

function mismatch(layer: string, fact: string): TrainerError {
  return new TrainerError('adapter_mismatch', `${fact} Choose the model that the adapter was made for.`, {
    layer,
  })
}

import { realpath } from 'node:fs/promises'
import { dirname, join, relative, sep } from 'node:path'
import { z } from 'zod'
import { readSafetensors, readSafetensorsHeader } from '../checkpoint/safetensors.ts'
import type { SafetensorsEntry, SafetensorsType } from '../checkpoint/safetensors.ts'
import { TrainerError } from '../errors.ts'
import { parseJson } from '../parse-json.ts'
import { readBounded } from '../read-bounded.ts'
import { cast } from '../graph/ops.ts'
import { sameShape } from '../graph/shape.ts'
import { constant, weight } from '../graph/tensor.ts'
import type { DataType, Tensor } from '../graph/tensor.ts'
import { freshParameter } from './fresh-parameters.ts'

/** A weight and the file that holds it. */
export interface StoredWeight extends SafetensorsEntry {
  readonly path: string
  /** The name that the file has for it. */
  readonly key: string
}

/** The weights of a model folder: where each lies, by its Hugging Face name. */
export interface ModelWeights {
  /** The folder that all weight files lie below, links followed. */
  readonly folder: string
  readonly entries: ReadonlyMap<string, StoredWeight>
}

/** What a model needs: each parameter's name and shape. */
export type ParameterShapes = ReadonlyMap<string, readonly number[]>

/** Gives a parameter as a float32 tensor of the graph. */
export type Parameters = (name: string) => Tensor

// One name and one file a tensor.
const mostShards = 1000
const mostIndexBytes = 20_000_000

const indexSchema = z.object({ weight_map: z.record(z.string(), z.string()) })

/**
 * Finds the weights of a Hugging Face folder: `model.safetensors`, or the shards of
 * `model.safetensors.index.json`. Reads headers alone.
 *
 * @throws TrainerError `file_missing` where there is neither (saying what to do with `pytorch_model.bin`),
 * `weights_invalid` for a damaged file or an index that names a path outside the folder.
 */
export async function openWeights(modelFolder: string): Promise<ModelWeights> {
  const files = await weightFiles(modelFolder)
  const entries = new Map<string, StoredWeight>()
  for (const path of files) {
    const header = await readSafetensorsHeader(path)
    for (const [name, entry] of header.entries) {
      if (entries.has(name))
        throw new TrainerError(
          'weights_invalid',
          `Two weight files hold ${name}. Download the model again.`,
          { name },
        )
      entries.set(name, { ...entry, path, key: name })
    }
  }
  return { folder: commonFolder(files), entries }
}

/**
 * Checks that a folder's weights are exactly those of the model: none missing, none unknown, each of the right
 * shape. `ignorable` names keys that published files carry without use, `fresh` parameters that they may lack.
 *
 * @throws TrainerError `weights_missing`, `weights_surplus` or `model_invalid`, naming the keys.
 */
export function accountForWeights(
  weights: ModelWeights,
  shapes: ParameterShapes,
  {
    ignorable = new Set(),
    fresh = new Set(),
  }: { readonly ignorable?: ReadonlySet<string>; readonly fresh?: ReadonlySet<string> } = {},
): void {
  const missing = [...shapes.keys()].filter((name) => !weights.entries.has(name) && !fresh.has(name))
  if (missing.length > 0)
    throw new TrainerError(
      'weights_missing',
      `The weights lack ${list(missing)}: config.json describes another model. Download the folder again.`,
      { missing: missing.join(' ') },
    )
  const surplus = [...weights.entries.keys()].filter((name) => !shapes.has(name) && !ignorable.has(name))
  if (surplus.length > 0)
    throw new TrainerError(
      'weights_surplus',
      `The weights hold ${list(surplus)}, which this architecture does not use: config.json describes another model. Download the folder again.`,
      { surplus: surplus.join(' ') },
    )
  for (const [name, shape] of shapes) {
    const entry = weights.entries.get(name)
    if (entry && !sameShape(entry.shape, shape))
      throw new TrainerError(
        'model_invalid',
        `${name} has the shape [${entry.shape.join(', ')}], config.json says [${shape.join(', ')}]. Download the folder again.`,
        { name },
      )
  }
}

/** The weights under the names of the parameters, where a folder's files hold some under others. */
export function renameWeights(
  weights: ModelWeights,
  storedNames: ReadonlyMap<string, string> | undefined,
): ModelWeights {
  if (!storedNames) return weights
  const nameOf = new Map([...storedNames].map(([parameter, stored]) => [stored, parameter]))
  const entries = [...weights.entries].map(
    ([stored, entry]) => [nameOf.get(stored) ?? stored, entry] as const,
  )
  return { folder: weights.folder, entries: new Map(entries) }
}

/**
 * Parameters as frozen weights that stay in their files; F16 and BF16 are widened when the graph is loaded. Of
 * `shapes` those that no file holds are fresh ones (see `freshParameter`).
 */
export function frozenParameters(weights: ModelWeights, shapes: ParameterShapes): Parameters {
  const made = new Map<string, Tensor>()
  return (name) => {
    const known = made.get(name)
    if (known) return known
    const entry = weights.entries.get(name)
    if (!entry) {
      const shape = shapes.get(name)
      if (!shape) throw new Error(`There is no weight ${name}.`)
      const fresh = constant(freshParameter(name, shape).data, shape)
      made.set(name, fresh)
      return fresh
    }
    const file = relative(weights.folder, entry.path).split(sep).join('/')
    const stored = weight(name, graphType(name, entry.dtype), entry.shape, {
      file,
      offset: entry.offset,
      length: entry.length,
    })
    const tensor = cast(stored, 'float32')
    made.set(name, tensor)
    return tensor
  }
}

/** Reads weights as float32; those of `shapes` that no file holds are fresh ones. */
export async function readWeights(
  weights: ModelWeights,
  shapes: ParameterShapes,
  names: readonly string[],
): Promise<Map<string, { readonly shape: readonly number[]; readonly data: Float32Array }>> {
  const stored = names.filter((name) => weights.entries.has(name))
  const byFile = Map.groupBy(stored, (name) => weights.entries.get(name)?.path ?? '')
  const read = await Promise.all(
    [...byFile].map(async ([path, inFile]) => {
      const keys = inFile.map((name) => weights.entries.get(name)?.key ?? name)
      const tensors = await readSafetensors(path, keys)
      return inFile.map((name, i) => [name, tensors.get(keys[i] ?? name)] as const)
    }),
  )
  const all = new Map(read.flat())
  return new Map(
    names.map((name) => {
      const shape = shapes.get(name)
      const tensor = all.get(name) ?? (shape ? freshParameter(name, shape) : null)
      if (!tensor) throw new Error(`There is no weight ${name}.`)
      return [name, tensor]
    }),
  )
}

async function weightFiles(modelFolder: string): Promise<readonly string[]> {
  const single = join(modelFolder, 'model.safetensors')
  const index = join(modelFolder, 'model.safetensors.index.json')
  const indexText = await readBounded(index, mostIndexBytes).catch((thrown: unknown) => {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT') return null
    throw thrown
  })
  if (indexText === null) {
    try {
      return [await realpath(single)]
    } catch {
      throw new TrainerError(
        'file_missing',
        `${modelFolder} has no model.safetensors. Weights in other forms (pytorch_model.bin) are not read, since they can run code: choose a folder with safetensors.`,
        { path: single },
      )
    }
  }
  const names = new Set(Object.values(parseIndex(index, indexText)))
  if (names.size > mostShards)
    throw new TrainerError(
      'weights_invalid',
      `${index} names ${names.size} files; at most ${mostShards} are read. Download the model again.`,
      { path: index },
    )
  return Promise.all(
    [...names].map(async (name) => {
      if (/[/\\\0]/.test(name) || name === '' || name === '.' || name === '..')
        throw new TrainerError(
          'weights_invalid',
          `${index} names ${name}, which is not a file of its folder.`,
          { name },
        )
      return realpath(join(modelFolder, name))
    }),
  )
}

function parseIndex(path: string, text: string): Record<string, string> {
  try {
    return indexSchema.parse(parseJson(text)).weight_map
  } catch {
    throw new TrainerError('weights_invalid', `${path} is not a weight index. Download the model again.`, {
      path,
    })
  }
}

function graphType(name: string, dtype: SafetensorsType): DataType {
  if (dtype === 'F32') return 'float32'
  if (dtype === 'F16') return 'float16'
  if (dtype === 'BF16') return 'bfloat16'
  throw new TrainerError(
    'weights_invalid',
    `${name} is of type ${dtype}; F32, F16 and BF16 weights are read. Convert the model.`,
    { name, dtype },
  )
}

function commonFolder(paths: readonly string[]): string {
  const [first = '', ...rest] = paths
  let folder = dirname(first)
  while (
    rest.some((path) => !path.startsWith(folder.endsWith(sep) ? folder : folder + sep)) &&
    dirname(folder) !== folder
  )
    folder = dirname(folder)
  return folder
}

function list(names: readonly string[]): string {
  const shown = names.slice(0, 5).join(', ')
  return names.length > 5 ? `${shown} and ${names.length - 5} more` : shown
}

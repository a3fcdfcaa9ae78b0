import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { TrainerError } from '../errors.ts'
import { shownValue } from '../shown-value.ts'
import type { Architecture } from './architecture.ts'
import { t5 } from './t5.ts'
import { parseT5Config } from './t5-config.ts'
import { accountForWeights, openWeights } from './weights.ts'
import type { ModelWeights } from './weights.ts'

/** Architectures by the `model_type` of config.json. */
const architectures: Readonly<
  Record<string, (json: unknown, path: string, weightNames: ReadonlySet<string>) => Architecture>
> = {
  t5: (json, path, weightNames) => t5(parseT5Config(json, path, weightNames)),
}

/** A model folder that was read and checked; its weights stay on disk. */
export interface Model {
  readonly folder: string
  readonly architecture: Architecture
  readonly weights: ModelWeights
  readonly parameterCount: number
}

/**
 * Opens a Hugging Face model folder: reads config.json and the headers of its weights, and accounts for every
 * weight.
 *
 * @throws TrainerError `file_missing`, `model_unsupported` or `model_invalid`, and what `openWeights` throws.
 */
export async function openModel(folder: string): Promise<Model> {
  const path = join(folder, 'config.json')
  const json = await readConfig(folder, path)
  const type = typeof json === 'object' && json !== null && 'model_type' in json ? json.model_type : undefined
  const make =
    typeof type === 'string' && Object.hasOwn(architectures, type) ? architectures[type] : undefined
  if (!make)
    throw new TrainerError(
      'model_unsupported',
      `${path} names the architecture ${shownValue(type ?? null)}. Supported are: ${Object.keys(architectures).join(', ')}.`,
      { path },
    )
  const weights = await openWeights(folder)
  const architecture = make(json, path, new Set(weights.entries.keys()))
  accountForWeights(weights, architecture.parameters, architecture.ignorableWeights)
  const sizes = [...architecture.parameters.values()].map((shape) => shape.reduce((a, b) => a * b, 1))
  return { folder, architecture, weights, parameterCount: sizes.reduce((a, b) => a + b, 0) }
}

async function readConfig(folder: string, path: string): Promise<unknown> {
  const text = await readFile(path, 'utf8').catch(async () => {
    const isFolder = await stat(folder).then(
      (entry) => entry.isDirectory(),
      () => false,
    )
    throw new TrainerError(
      'file_missing',
      isFolder
        ? `${folder} has no config.json: it is not a Hugging Face model folder. Choose the folder that holds config.json, model.safetensors and tokenizer.json.`
        : `The model folder ${folder} does not exist. Check the path.`,
      { path },
    )
  })
  try {
    return JSON.parse(text)
  } catch {
    throw new TrainerError('model_invalid', `${path} is not JSON. Download the model again.`, { path })
  }
}

import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { isArchitecture } from '../architectures.ts'
import type { ArchitectureName } from '../architectures.ts'
import { TrainerError } from '../errors.ts'
import { parseJson } from '../parse-json.ts'
import { readBounded } from '../read-bounded.ts'
import { shownValue } from '../shown-value.ts'
import type { Architecture } from './architecture.ts'
import type { FrozenWeights } from './frozen-weights.ts'
import { bert } from './bert.ts'
import { parseBertConfig, parseDistilBertConfig } from './bert-config.ts'
import { gptNeo } from './gpt-neo.ts'
import { parseGptNeoConfig } from './gpt-neo-config.ts'
import { t5 } from './t5.ts'
import { parseT5Config } from './t5-config.ts'
import { accountForWeights, frozenParameters, openWeights, renameWeights } from './weights.ts'
import type { ModelWeights } from './weights.ts'

/** Makes an architecture from config.json, its path, and the names in the weight files. */
type MakeArchitecture = (json: unknown, path: string, weightNames: ReadonlySet<string>) => Architecture

// Real ones have some kilobytes.
const mostConfigBytes = 1_000_000

/** Architectures by the `model_type` of config.json. */
const architectures: Readonly<Record<ArchitectureName, MakeArchitecture>> = {
  gpt_neo: (json, path, weightNames) => gptNeo(parseGptNeoConfig(json, path, weightNames)),
  t5: (json, path, weightNames) => t5(parseT5Config(json, path, weightNames)),
  bert: (json, path, weightNames) => bert(parseBertConfig(json, path), weightNames),
  distilbert: (json, path, weightNames) => bert(parseDistilBertConfig(json, path), weightNames),
}

/** A model folder that was read and checked; its weights stay on disk. */
export interface Model {
  readonly folder: string
  readonly architecture: Architecture
  readonly weights: ModelWeights
  /** The weights as graphs take them: as they are stored, or in fewer bits. */
  readonly frozen: FrozenWeights
  readonly parameterCount: number
  /** Parameters that the folder lacks and that start fresh (see `Architecture.freshParameters`). */
  readonly missing: readonly string[]
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
  const make = typeof type === 'string' && isArchitecture(type) ? architectures[type] : null
  if (!make)
    throw new TrainerError(
      'model_unsupported',
      `${path} names the architecture ${shownValue(type ?? null)}. Supported are: ${Object.keys(architectures).join(', ')}.`,
      { path },
    )
  const stored = await openWeights(folder)
  const architecture = make(json, path, new Set(stored.entries.keys()))
  const weights = renameWeights(stored, architecture.storedNames)
  const { ignorableWeights: ignorable, freshParameters: fresh } = architecture
  accountForWeights(weights, architecture.parameters, { ignorable, fresh })
  const sizes = [...architecture.parameters.values()].map((shape) => shape.reduce((a, b) => a * b, 1))
  return {
    folder,
    architecture,
    weights,
    frozen: {
      folder: weights.folder,
      parameters: frozenParameters(weights, architecture.parameters),
      narrow: false,
    },
    parameterCount: sizes.reduce((a, b) => a + b, 0),
    missing: [...fresh].filter((name) => !weights.entries.has(name)),
  }
}

async function readConfig(folder: string, path: string): Promise<unknown> {
  const text = await readBounded(path, mostConfigBytes).catch(async (thrown: unknown) => {
    if (thrown instanceof TrainerError) throw thrown
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
    return parseJson(text)
  } catch {
    throw new TrainerError('model_invalid', `${path} is not JSON. Download the model again.`, { path })
  }
}

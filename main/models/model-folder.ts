import { open, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { parseJson } from '../../trainer/parse-json.ts'
import { architectureKind, architectureKinds } from '../../trainer/protocol.ts'
import { AppError } from '../contract/errors.ts'
import { countParameters } from './safetensors-header.ts'

/** What a Hugging Face folder holds. */
export interface ModelFolder {
  readonly architecture: string
  readonly parameters: number
  /** Of the weights. */
  readonly bytes: number
  readonly licence: string | null
  readonly maxLength: number | null
  /** Why it cannot be trained; null where it can. */
  readonly reason: string | null
}

/** The files that hold a vocabulary in older folders, instead of tokenizer.json. */
const vocabularyFiles: Readonly<Record<string, readonly string[]>> = {
  gpt_neo: ['vocab.json', 'merges.txt'],
  bert: ['vocab.txt'],
  distilbert: ['vocab.txt'],
}

const mostConfigBytes = 1_000_000
const mostIndexBytes = 20_000_000
const mostReadmeBytes = 64_000

const size = z.int().positive().max(1e9)
const configSchema = z.object({
  model_type: z.string().min(1).max(100),
  n_positions: size.optional(),
  max_position_embeddings: size.optional(),
})
const indexSchema = z.object({ weight_map: z.record(z.string(), z.string()) })

/**
 * Looks at a Hugging Face folder without loading it: only configuration, headers and the README's first lines are
 * read, each within a bound. Links, as the hub's cache has them, are followed.
 *
 * @throws AppError `file_missing`, `file_unreadable`, `model_unsupported` where it is no model that could be added.
 */
export async function inspectModelFolder(folder: string): Promise<ModelFolder> {
  if (!(await stat(folder).catch(() => null))?.isDirectory())
    throw new AppError(
      'file_missing',
      `${folder} is not a folder. Choose the folder that holds config.json.`,
      {
        path: folder,
      },
    )
  const names = await readdir(folder)
  const config = await readConfig(folder, names)
  const files = await weightFiles(folder, names)
  let parameters = 0
  let bytes = 0
  for (const path of files) {
    parameters += await countParameters(path)
    bytes += (await stat(path)).size
  }
  return {
    architecture: config.model_type,
    parameters,
    bytes,
    licence: await readLicence(folder, names),
    maxLength: config.n_positions ?? config.max_position_embeddings ?? null,
    reason: reasonAgainst(config.model_type, names),
  }
}

/** Why a model of this type cannot be trained by this version; null where it can. */
export function unsupportedArchitecture(architecture: string): string | null {
  if (architectureKind(architecture) !== null) return null
  return `Models of the type ${architecture} cannot be trained. Choose one of: ${Object.keys(architectureKinds).join(', ')}.`
}

function reasonAgainst(architecture: string, names: readonly string[]): string | null {
  const unsupported = unsupportedArchitecture(architecture)
  if (unsupported !== null) return unsupported
  const vocabulary = architectureKind(architecture) === null ? [] : vocabularyFiles[architecture]
  const hasVocabulary = vocabulary !== undefined && vocabulary.every((name) => names.includes(name))
  if (names.includes('tokenizer.json') || hasVocabulary) return null
  return 'The folder has no tokenizer.json. Get that file from where the model comes from, or save the tokenizer once more with a fast tokenizer of the transformers library.'
}

async function readConfig(folder: string, names: readonly string[]): Promise<z.infer<typeof configSchema>> {
  const path = join(folder, 'config.json')
  if (!names.includes('config.json'))
    throw new AppError(
      'model_unsupported',
      `${folder} has no config.json, so it is not a Hugging Face model folder. Choose the folder that holds config.json, model.safetensors and tokenizer.json.`,
      { path: folder },
    )
  const { data } = configSchema.safeParse(await readJson(path, mostConfigBytes))
  if (data) return data
  throw new AppError(
    'model_unsupported',
    `${path} does not say of which type the model is (model_type). Get the model once more from where it comes from.`,
    { path },
  )
}

/** The safetensors files that hold the weights, shards named by an index included. */
async function weightFiles(folder: string, names: readonly string[]): Promise<readonly string[]> {
  if (names.includes('model.safetensors')) return [join(folder, 'model.safetensors')]
  const index = join(folder, 'model.safetensors.index.json')
  if (names.includes('model.safetensors.index.json')) {
    const { data } = indexSchema.safeParse(await readJson(index, mostIndexBytes))
    const shards = [...new Set(Object.values(data?.weight_map ?? {}))]
    const missing = shards.find((shard) => !names.includes(shard))
    if (shards.length > 0 && missing === undefined) return shards.map((shard) => join(folder, shard))
    const what = missing === undefined ? 'names no weights' : `names ${missing}, which is not in the folder`
    throw new AppError('file_missing', `${index} ${what}. Get the missing files of the model.`, {
      path: index,
    })
  }
  const pickled = names.find((name) => /\.(bin|pt|pth|ckpt)$/.test(name))
  if (pickled !== undefined)
    throw new AppError(
      'model_unsupported',
      `The weights are only there as ${pickled}, a format that can run programs when it is opened, so Loracle does not read it. Get the model as model.safetensors, or convert it (save_pretrained of the transformers library writes safetensors).`,
      { path: join(folder, pickled) },
    )
  throw new AppError(
    'file_missing',
    `${folder} has no model.safetensors. Choose a folder that holds the weights too.`,
    { path: folder },
  )
}

async function readJson(path: string, most: number): Promise<unknown> {
  const text = await readStart(path, most + 1)
  try {
    if (text.length > most) throw new Error(`it is larger than ${most} bytes`)
    return parseJson(text)
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : String(thrown)
    throw new AppError('file_unreadable', `${path} cannot be read: ${reason}. Get the file once more.`, {
      path,
    })
  }
}

/** The licence that the front matter of a README names. */
async function readLicence(folder: string, names: readonly string[]): Promise<string | null> {
  const readme = names.find((name) => name.toLowerCase() === 'readme.md')
  if (readme === undefined) return null
  const text = await readStart(join(folder, readme), mostReadmeBytes)
  const front = /^\uFEFF?---\r?\n([\s\S]*?)\r?\n---/.exec(text)?.[1] ?? ''
  return /^license:\s*["']?([\w.+-]{1,60})/im.exec(front)?.[1] ?? null
}

async function readStart(path: string, most: number): Promise<string> {
  // Opening a pipe would wait for somebody to write into it.
  if (!(await stat(path)).isFile())
    throw new AppError('file_unreadable', `${path} is not a file. Get the file once more.`, { path })
  const file = await open(path, 'r')
  try {
    const { size: all } = await file.stat()
    const bytes = Buffer.alloc(Math.min(all, most))
    const { bytesRead } = await file.read(bytes, 0, bytes.length, 0)
    return bytes.toString('utf8', 0, bytesRead)
  } finally {
    await file.close()
  }
}

import { z } from 'zod'
import { AppError } from '../contract/errors.ts'

/** A file of a repository that is to be downloaded. */
export interface HubFile {
  readonly path: string
  readonly bytes: number
  /** Git's object id for small files, SHA-256 for large ones. */
  readonly hash: { readonly kind: 'git-sha1' | 'sha256'; readonly value: string }
}

const mostBytes = 1e12
const entrySchema = z.object({
  type: z.string(),
  path: z.string().min(1).max(1000),
  size: z.int().nonnegative().max(mostBytes).default(0),
  oid: z.string(),
  lfs: z.object({ oid: z.string(), size: z.int().nonnegative().max(mostBytes) }).optional(),
})
const listingSchema = z.array(entrySchema).max(10_000)

const wantedNames = new Set([
  'config.json',
  'generation_config.json',
  'tokenizer.json',
  'tokenizer_config.json',
  'special_tokens_map.json',
  'added_tokens.json',
  'spiece.model',
  'vocab.txt',
  'vocab.json',
  'merges.txt',
  'README.md',
])
const shardPattern = /^model-\d{5}-of-\d{5}\.safetensors$/
const licencePattern = /^LICEN[CS]E(\.(txt|md))?$/i

/**
 * The files of a repository's listing that make a model: its configuration, tokenizer, weights as safetensors, and
 * what says its terms. Names that could leave their folder are never among them.
 *
 * @throws AppError `download_failed` where the listing is none, or lacks something that is needed.
 */
export function chooseFiles(
  listing: unknown,
  { repository, needs }: { readonly repository: string; readonly needs: readonly string[] },
): readonly HubFile[] {
  const { data } = listingSchema.safeParse(listing)
  if (!data)
    throw new AppError(
      'download_failed',
      `The list of files of ${repository} cannot be understood. Try again later.`,
      { repository },
    )
  const files = data.filter(({ type }) => type === 'file')
  const whole = files.some(({ path }) => path === 'model.safetensors')
  const isWeights = (path: string): boolean =>
    whole ? path === 'model.safetensors' : shardPattern.test(path) || path === 'model.safetensors.index.json'
  const wanted = files.filter(
    ({ path }) => wantedNames.has(path) || licencePattern.test(path) || isWeights(path),
  )
  const hasWeights = wanted.some(({ path }) => /\.safetensors$/.test(path))
  const missing = hasWeights
    ? needs.find((name) => !wanted.some(({ path }) => path === name))
    : 'model.safetensors'
  if (missing !== undefined)
    throw new AppError(
      'download_failed',
      `${repository} no longer has ${missing}. Choose another model, or add a folder from disk.`,
      { repository, missing },
    )
  return wanted.map(toFile)
}

function toFile({ path, size, oid, lfs }: z.infer<typeof entrySchema>): HubFile {
  return lfs
    ? {
        path,
        bytes: lfs.size,
        hash: { kind: 'sha256', value: lfs.oid.replace(/^sha256:/, '').toLowerCase() },
      }
    : { path, bytes: size, hash: { kind: 'git-sha1', value: oid.toLowerCase() } }
}

import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { TrainerError } from '../errors.ts'
import { invalidTokenizer, parseTokenizerFile } from './tokenizer-json.ts'

/** Reads a file of the model folder by its name; null where there is none. */
export type ReadModelFile = (name: string) => Promise<string | null>

/** What tokenizer.json and tokenizer_config.json would say, for a folder that holds vocabulary files instead. */
export interface DescribedTokenizer {
  readonly description: unknown
  readonly config: unknown
  /** The file that complaints should name. */
  readonly path: string
}

/** The files that a folder's tokenizer is read from: tokenizer.json, or the older ones that are there. */
export async function tokenizerFiles(modelDir: string): Promise<readonly string[]> {
  const names = await readdir(modelDir)
  const older = ['added_tokens.json', 'merges.txt', 'special_tokens_map.json', 'vocab.json', 'vocab.txt']
  const used = names.includes('tokenizer.json')
    ? ['tokenizer.json']
    : older.filter((name) => names.includes(name))
  return used.map((name) => join(modelDir, name))
}

const tokenId = z.int().nonnegative()
const specialToken = z.union([z.string(), z.looseObject({ content: z.string() })])
const specialTokens = z.looseObject({
  bos_token: specialToken.nullish(),
  eos_token: specialToken.nullish(),
  unk_token: specialToken.nullish(),
  pad_token: specialToken.nullish(),
  additional_special_tokens: z.array(specialToken).nullish(),
})
const filesConfig = specialTokens.extend({
  add_prefix_space: z.boolean().nullish(),
  added_tokens_decoder: z
    .record(z.string(), z.looseObject({ content: z.string(), special: z.boolean().optional() }))
    .nullish(),
})
const vocabulary = z.record(z.string(), tokenId)

type SpecialTokens = z.infer<typeof specialTokens>

/**
 * Describes the byte-level BPE of a folder with `vocab.json` and `merges.txt`, as GPT-2 and GPT-Neo are published
 * (Radford et al. 2019), in the form of tokenizer.json; added and special tokens come from `added_tokens.json`,
 * `special_tokens_map.json` and `tokenizer_config.json`, in the way of transformers' `GPT2Tokenizer`. Null where there
 * is no vocab.json.
 *
 * @throws TrainerError `file_missing` where merges.txt is not there, `tokenizer_invalid` for a file that cannot be
 * read.
 */
export async function describeBytePairs(
  modelDir: string,
  read: ReadModelFile,
): Promise<DescribedTokenizer | null> {
  const path = join(modelDir, 'vocab.json')
  const [vocabText, mergesText] = [await read('vocab.json'), await read('merges.txt')]
  if (vocabText === null) return null
  if (mergesText === null)
    throw new TrainerError(
      'file_missing',
      `${modelDir} has vocab.json and no merges.txt, which belong together. Copy merges.txt or tokenizer.json from the place where the model came from.`,
      { path: join(modelDir, 'merges.txt') },
    )
  const json = async <T>(schema: z.ZodType<T>, name: string): Promise<T | null> => {
    const text = await read(name)
    return text === null ? null : parseTokenizerFile(schema, text, join(modelDir, name))
  }
  const vocab = parseTokenizerFile(vocabulary, vocabText, path)
  const config = (await json(filesConfig, 'tokenizer_config.json')) ?? {}
  const specials = { ...(await json(specialTokens, 'special_tokens_map.json')), ...withoutNulls(config) }
  const merges = parseMerges(mergesText, join(modelDir, 'merges.txt'))
  const byteLevel = {
    type: 'ByteLevel',
    add_prefix_space: config.add_prefix_space ?? false,
    trim_offsets: true,
    use_regex: true,
  }
  return {
    path,
    config: { eos_token: endOfText, unk_token: endOfText, ...specials },
    description: {
      added_tokens: addedTokens(vocab, specials, {
        ...(await json(vocabulary, 'added_tokens.json')),
        ...Object.fromEntries(
          Object.entries(config.added_tokens_decoder ?? {}).map(([id, token]) => [token.content, Number(id)]),
        ),
      }),
      normalizer: null,
      pre_tokenizer: byteLevel,
      post_processor: null,
      decoder: { ...byteLevel, add_prefix_space: true },
      model: { type: 'BPE', vocab, merges },
    },
  }
}

/** GPT-2's mark between texts, which transformers takes where no file names another. */
const endOfText = '<|endoftext|>'

interface AddedToken {
  readonly id: number
  readonly content: string
  readonly special: boolean
  readonly normalized: boolean
}

/** Tokens that are never divided; special ones without an id in any file get the next ones, as in transformers. */
function addedTokens(
  vocab: Readonly<Record<string, number>>,
  specials: SpecialTokens,
  added: Readonly<Record<string, number>>,
): readonly AddedToken[] {
  const { eos_token, unk_token, bos_token, pad_token, additional_special_tokens } = specials
  const named = [eos_token, unk_token, bos_token, pad_token, ...(additional_special_tokens ?? [])]
  const contents = named.flatMap((token) => (token == null ? [] : contentOf(token)))
  const special = new Set([...(contents.length > 0 ? [] : [endOfText]), ...contents])
  const ids = new Map(Object.entries(added))
  let next = [...Object.values(vocab), ...ids.values()].reduce((most, id) => Math.max(most, id), -1) + 1
  for (const content of special)
    if (!ids.has(content)) ids.set(content, Object.hasOwn(vocab, content) ? (vocab[content] ?? 0) : next++)
  return [...ids].map(([content, id]) => ({
    id,
    content,
    special: special.has(content),
    normalized: !special.has(content),
  }))
}

function contentOf(token: z.infer<typeof specialToken>): string {
  return typeof token === 'string' ? token : token.content
}

function withoutNulls(config: z.infer<typeof filesConfig>): z.infer<typeof filesConfig> {
  return Object.fromEntries(Object.entries(config).filter(([, value]) => value != null))
}

/** One merge a line, two tokens with a space between them; the first line may say the version. */
function parseMerges(text: string, path: string): readonly (readonly string[])[] {
  const lines = text.split(/\r?\n/).filter((line) => line !== '' && !line.startsWith('#version'))
  return lines.map((line) => {
    const pair = line.split(' ')
    if (pair.length !== 2 || pair.includes(''))
      throw invalidTokenizer(path, `${JSON.stringify(line.slice(0, 40))} is not a pair of tokens`)
    return pair
  })
}

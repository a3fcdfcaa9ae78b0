import { join } from 'node:path'
import { Tokenizer } from '@huggingface/tokenizers'
import { z } from 'zod'
import { TrainerError } from '../errors.ts'
import { readBounded } from '../read-bounded.ts'
import { divideAsReference } from './byte-level.ts'
import { describeBytePairs } from './tokenizer-files.ts'
import type { DescribedTokenizer } from './tokenizer-files.ts'
import { withinTime } from './time-limit.ts'
import type { TimeLimit } from './time-limit.ts'
import { checkTokenizerBounds } from './tokenizer-bounds.ts'
import { rememberWords } from './remembered-words.ts'
import { checkTokenizerFile, invalidTokenizer, parseTokenizerFile } from './tokenizer-json.ts'
import type { PlacedToken } from './placed-token.ts'
import { openUnigramTokenizer } from './unigram-tokenizer.ts'
import type { UnigramTokenizer } from './unigram-tokenizer.ts'
import { describeWordPieces } from './word-piece-files.ts'
import { placedWordPieces } from './word-pieces.ts'

export interface EncodeOptions {
  /** Whether the model's own marks are added, for T5 the end mark; true by default. */
  readonly addSpecialTokens?: boolean
}

export interface DecodeOptions {
  /** Whether pad, end and other special tokens are left out; false by default. */
  readonly skipSpecialTokens?: boolean
}

/** Text to token ids and back. Truncation and padding baked into tokenizer.json are ignored. */
export interface TextTokenizer {
  /** One more than the largest id. */
  readonly vocabSize: number
  readonly padTokenId: number | null
  readonly eosTokenId: number | null
  readonly unkTokenId: number | null
  encode(text: string, options?: EncodeOptions): number[]
  decode(ids: readonly number[], options?: DecodeOptions): string
  /** The tokens of a text with their places; null where this tokenizer cannot say them (see `placeTokens`). */
  readonly placed: ((text: string) => PlacedToken[]) | null
}

// The largest of the models that are built in has 16 MB.
const mostFileBytes = 32_000_000

const tokenName = z
  .union([z.string(), z.object({ content: z.string() }).transform((token) => token.content)])
  .nullish()

const tokenizerSchema = z.looseObject({
  model: z.looseObject({
    type: z.string().optional(),
    vocab: z.union([z.array(z.tuple([z.string(), z.number()])), z.record(z.string(), z.int().nonnegative())]),
    unk_id: z.int().nonnegative().nullish(),
    unk_token: z.string().nullish(),
  }),
  added_tokens: z.array(z.looseObject({ id: z.int().nonnegative(), content: z.string() })).default([]),
  normalizer: z.unknown().default(null),
  pre_tokenizer: z.unknown().default(null),
  post_processor: z.unknown().default(null),
  decoder: z.unknown().default(null),
})

const configSchema = z.looseObject({
  pad_token: tokenName,
  eos_token: tokenName,
  unk_token: tokenName,
  clean_up_tokenization_spaces: z.boolean().nullish(),
})

/**
 * Loads the tokenizer of a model folder: `tokenizer.json`, and `tokenizer_config.json` where it is there; without a
 * tokenizer.json what the older vocabulary files say.
 *
 * @param options.milliseconds For one text, where the time is watched (see `checkTokenizerBounds`); then encoding and
 * decoding throw `tokenizer_invalid`.
 * @throws TrainerError `file_missing` where there is none of these, `tokenizer_invalid` where it cannot be
 * used.
 */
export async function loadTokenizer(
  modelDir: string,
  { milliseconds = 5_000 }: { readonly milliseconds?: number } = {},
): Promise<TextTokenizer> {
  const path = join(modelDir, 'tokenizer.json')
  const read = (name: string) => readOptional(join(modelDir, name))
  const [text, configText] = await Promise.all([read('tokenizer.json'), read('tokenizer_config.json')])
  if (text === null) {
    const described = (await describeBytePairs(modelDir, read)) ?? (await describeWordPieces(modelDir, read))
    if (described) return buildDescribed(described, milliseconds)
    throw new TrainerError(
      'file_missing',
      `${path} does not exist, nor do the older vocabulary files. Copy tokenizer.json from the place where the model came from into that folder.`,
      { path },
    )
  }
  const description = parseTokenizerFile(tokenizerSchema, text, path)
  const config =
    configText === null
      ? {}
      : parseTokenizerFile(configSchema, configText, join(modelDir, 'tokenizer_config.json'))
  return buildTokenizer(description, config, { path, milliseconds })
}

function buildDescribed(
  { description, config, path }: DescribedTokenizer,
  milliseconds: number,
): TextTokenizer {
  return buildTokenizer(
    checkTokenizerFile(tokenizerSchema, description, path),
    checkTokenizerFile(configSchema, config, path),
    { path, milliseconds },
  )
}

function buildTokenizer(
  description: z.infer<typeof tokenizerSchema>,
  config: z.infer<typeof configSchema>,
  limit: TimeLimit,
): TextTokenizer {
  const { path } = limit
  const { model, added_tokens: added } = description
  const base = Array.isArray(model.vocab) ? model.vocab.length - 1 : maximum(Object.values(model.vocab))
  const idOf = (...names: (string | null | undefined)[]) => {
    for (const name of names) {
      const id = name == null ? undefined : tokenizer.token_to_id(name)
      if (id !== undefined) return id
    }
    return null
  }
  const cleanUp = config.clean_up_tokenization_spaces ?? false
  let tokenizer: Tokenizer
  let unigram: UnigramTokenizer | null = null
  const { watched } = checkTokenizerBounds(description, path)
  /** The library's own complaints, about a text that the tokenizer has no answer for, are the tokenizer's. */
  const timed = <T>(work: () => T): T => {
    try {
      return watched ? withinTime(work, limit) : work()
    } catch (thrown) {
      throw thrown instanceof TrainerError
        ? thrown
        : invalidTokenizer(path, thrown instanceof Error ? thrown.message : String(thrown))
    }
  }
  const build = () => {
    if (Array.isArray(model.vocab) && splitsAtSpaces(description))
      unigram = openUnigramTokenizer(description, config, {
        pieces: model.vocab,
        unknownId: model.unk_id ?? -1,
        added,
      })
    tokenizer = unigram?.tokenizer ?? new Tokenizer(description, config)
    divideAsReference(tokenizer)
    rememberWords(tokenizer)
    // The last two are in no vocabulary, so this meets a missing unknown token too; BERT's normalizer drops the first.
    const ids: unknown[] = tokenizer.encode('a b \u{10fffd} \u{323af}').ids
    if (!ids.every(Number.isInteger)) throw new Error('it has no token for unknown text')
    if (ids.length > 0) tokenizer.decode(ids.map(Number))
  }
  timed(build)
  const placed = placedWordPieces(description)
  return Object.freeze({
    vocabSize: Math.max(base, maximum(added.map((token) => token.id))) + 1,
    padTokenId: idOf(config.pad_token, '<pad>', '[PAD]'),
    eosTokenId: idOf(config.eos_token, '</s>', '<|endoftext|>'),
    unkTokenId: model.unk_id ?? idOf(config.unk_token, model.unk_token, '<unk>', '[UNK]'),
    encode: (text: string, { addSpecialTokens = true }: EncodeOptions = {}) =>
      timed(() =>
        unigram
          ? unigram.encode(text.toWellFormed(), { addSpecialTokens })
          : tokenizer.encode(text.toWellFormed(), { add_special_tokens: addSpecialTokens }).ids,
      ),
    decode: (ids: readonly number[], { skipSpecialTokens = false }: DecodeOptions = {}) =>
      ids.length === 0
        ? ''
        : timed(() =>
            tokenizer.decode([...ids], {
              skip_special_tokens: skipSpecialTokens,
              clean_up_tokenization_spaces: cleanUp,
            }),
          ),
    placed: placed && ((text: string) => timed(() => placed(text))),
  })
}

/**
 * Checks that a tokenizer belongs to a model.
 *
 * @throws TrainerError `tokenizer_mismatch` where it can emit ids that the model has no embedding for, or
 * where its end or padding token is not the one of the model's config.json.
 */
export function checkTokenizerFits(
  tokenizer: TextTokenizer,
  model: {
    readonly vocabSize: number
    /** Null where the model ends no text. */
    readonly eosTokenId: number | null
    readonly padTokenId: number
  },
): void {
  const advice = "Put the model's own tokenizer.json into its folder."
  if (tokenizer.vocabSize > model.vocabSize)
    throw new TrainerError(
      'tokenizer_mismatch',
      `The tokenizer has ${tokenizer.vocabSize} tokens, the model knows ${model.vocabSize}: it was made for another model. ${advice}`,
      { tokenizerVocabSize: tokenizer.vocabSize, modelVocabSize: model.vocabSize },
    )
  const marks = [
    ['end', tokenizer.eosTokenId, model.eosTokenId],
    ['padding', tokenizer.padTokenId, model.padTokenId],
  ] as const
  for (const [name, found, expected] of marks)
    if (expected !== null && found !== expected && !(name === 'padding' && found === null))
      throw new TrainerError(
        'tokenizer_mismatch',
        `The tokenizer's ${name} token is ${found ?? 'missing'}, the model's is ${expected}: it was made for another model. ${advice}`,
        { token: name, tokenizerId: found, modelId: expected },
      )
}

/** Whether words are encoded by themselves: Metaspace, unless it says `split: false`. */
function splitsAtSpaces({ pre_tokenizer }: z.infer<typeof tokenizerSchema>): boolean {
  return z.looseObject({ split: z.literal(true).optional() }).safeParse(pre_tokenizer).success
}

function maximum(values: readonly number[]): number {
  return values.reduce((most, value) => Math.max(most, value), -1)
}

async function readOptional(path: string): Promise<string | null> {
  try {
    return await readBounded(path, mostFileBytes)
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR'))
      return null
    throw error
  }
}

import { join } from 'node:path'
import { z } from 'zod'
import type { DescribedTokenizer, ReadModelFile } from './tokenizer-files.ts'
import { invalidTokenizer, parseTokenizerFile } from './tokenizer-json.ts'

const markName = z
  .union([z.string(), z.object({ content: z.string() }).transform(({ content }) => content)])
  .nullish()

const marksSchema = z.looseObject({
  cls_token: markName,
  sep_token: markName,
  unk_token: markName,
  pad_token: markName,
  mask_token: markName,
})

const configSchema = marksSchema.extend({
  do_lower_case: z.boolean().nullish(),
  strip_accents: z.boolean().nullish(),
  tokenize_chinese_chars: z.boolean().nullish(),
})

const published = {
  cls_token: '[CLS]',
  sep_token: '[SEP]',
  unk_token: '[UNK]',
  pad_token: '[PAD]',
  mask_token: '[MASK]',
}

/**
 * Describes the WordPiece tokenizer of a folder with `vocab.txt` (one token a line, the line its id), as BERT was
 * published, in the form of tokenizer.json; what `tokenizer_config.json` and `special_tokens_map.json` leave open is as
 * in transformers' `BertTokenizer`. Null where there is no vocab.txt.
 *
 * @throws TrainerError `tokenizer_invalid` where a file cannot be read or the vocabulary lacks a mark.
 */
export async function describeWordPieces(
  modelDir: string,
  read: ReadModelFile,
): Promise<DescribedTokenizer | null> {
  const path = join(modelDir, 'vocab.txt')
  const text = await read('vocab.txt')
  if (text === null) return null
  const json = async <T>(schema: z.ZodType<T>, name: string): Promise<Partial<T>> => {
    const content = await read(name)
    return content === null ? {} : parseTokenizerFile(schema, content, join(modelDir, name))
  }
  const config = await json(configSchema, 'tokenizer_config.json')
  const named = { ...(await json(marksSchema, 'special_tokens_map.json')), ...config }
  const vocab = new Map(
    text
      .replace(/\r?\n$/, '')
      .split(/\r?\n/)
      .map((token, id) => [token, id]),
  )
  const idOf = (mark: keyof typeof published) => vocab.get(named[mark] ?? published[mark])
  const required = (mark: keyof typeof published): [string, number] => {
    const name = named[mark] ?? published[mark]
    const id = vocab.get(name)
    if (id === undefined) throw invalidTokenizer(path, `it has no ${name}`)
    return [name, id]
  }
  const [unknown] = required('unk_token')
  const marks = (Object.keys(published) as (keyof typeof published)[]).flatMap((mark) => {
    const id = idOf(mark)
    return id === undefined ? [] : [{ id, content: named[mark] ?? published[mark] }]
  })
  return {
    path,
    config: { ...published, ...withoutNulls(named) },
    description: {
      added_tokens: marks.map((mark) => ({ ...mark, special: true, normalized: false })),
      normalizer: {
        type: 'BertNormalizer',
        clean_text: true,
        handle_chinese_chars: config.tokenize_chinese_chars ?? true,
        strip_accents: config.strip_accents ?? null,
        lowercase: config.do_lower_case ?? true,
      },
      pre_tokenizer: { type: 'BertPreTokenizer' },
      post_processor: {
        type: 'BertProcessing',
        cls: required('cls_token'),
        sep: required('sep_token'),
      },
      decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
      model: {
        type: 'WordPiece',
        unk_token: unknown,
        continuing_subword_prefix: '##',
        max_input_chars_per_word: 100,
        vocab: Object.fromEntries(vocab),
      },
    },
  }
}

function withoutNulls(values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value != null))
}

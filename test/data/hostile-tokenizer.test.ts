import { readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { checkTokenizerBounds } from '../../trainer/data/tokenizer-bounds.ts'
import type { BoundedDescription } from '../../trainer/data/tokenizer-bounds.ts'
import { loadTokenizer } from '../../trainer/data/tokenizer.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const sound = JSON.parse(
  await readFile(join(import.meta.dirname, 'fixtures/tokenizer/tokenizer.json'), 'utf8'),
) as Readonly<Record<string, object>>

/** Loads a sound tokenizer with other fields. */
async function loaded(change: object, milliseconds = 10_000) {
  const folder = await temporaryFolder()
  await writeFile(join(folder, 'tokenizer.json'), JSON.stringify({ ...sound, ...change }))
  return loadTokenizer(folder, { milliseconds })
}
const refused = { code: 'tokenizer_invalid' }
const replace = (pattern: object, content: string) => ({ type: 'Replace', pattern, content })
const doubling = {
  type: 'Sequence',
  normalizers: Array.from({ length: 40 }, () => replace({ String: 'a' }, 'aa')),
}
const twice = {
  type: 'TemplateProcessing',
  single: [{ Sequence: { id: 'A', type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }],
  pair: [],
}
const nested = (depth: number): object => ({
  type: 'Sequence',
  normalizers: depth === 0 ? [] : [nested(depth - 1)],
})
const added = (contents: readonly string[]) => contents.map((content, id) => ({ id, content, special: true }))

describe('tokenizers that would take all memory, or never end', () => {
  test.each([
    ['replacements that double a text forty times', { normalizer: doubling }],
    ['a replacement that is a text', { normalizer: replace({ String: ' ' }, 'a'.repeat(10_000)) }],
    ['a prefix that is a text', { normalizer: { type: 'Prepend', prepend: 'a'.repeat(1e6) } }],
    ['a mark for spaces that is a text', { pre_tokenizer: { type: 'Metaspace', str_rep: 'a'.repeat(1e5) } }],
    [
      'bytes of bytes of bytes',
      {
        pre_tokenizer: {
          type: 'Sequence',
          pretokenizers: Array.from({ length: 20 }, () => ({ type: 'ByteLevel', use_regex: false })),
        },
      },
    ],
    ['pieces of no characters', { pre_tokenizer: { type: 'FixedLength', length: 0 } }],
    ['pieces of fewer than none', { pre_tokenizer: { type: 'FixedLength', length: -1 } }],
    [
      'a template that repeats the text',
      { post_processor: { type: 'Sequence', processors: Array.from({ length: 30 }, () => twice) } },
    ],
    [
      'a hundred thousand added tokens',
      { added_tokens: added(Array.from({ length: 100_000 }, (_, i) => `<${i}>`)) },
    ],
    ['an added token of megabytes', { added_tokens: added(['a'.repeat(3e6)]) }],
    [
      'a piece of a million characters',
      {
        model: {
          type: 'Unigram',
          unk_id: 0,
          vocab: [
            ['<unk>', 0],
            ['a'.repeat(1e6), -1],
          ],
        },
      },
    ],
    ['steps within steps', { normalizer: nested(150) }],
    [
      'a pattern of a hundred thousand characters',
      { normalizer: replace({ Regex: 'a?'.repeat(50_000) }, '') },
    ],
  ])('%s', async (_, change) => {
    await expect(loaded(change)).rejects.toMatchObject(refused)
  })

  test('a tokenizer.json that is a device without an end', async () => {
    const folder = await temporaryFolder()
    await symlink('/dev/zero', join(folder, 'tokenizer.json'))
    await expect(loadTokenizer(folder)).rejects.toMatchObject({ code: 'file_invalid' })
  })
})

test('words without a bound', async () => {
  const vocab = Object.fromEntries(['[UNK]', 'a', '##a'].map((token, id) => [token, id]))
  const words = (max_input_chars_per_word: unknown) => ({
    ...{ normalizer: null, pre_tokenizer: null, post_processor: null, decoder: null, added_tokens: [] },
    model: {
      type: 'WordPiece',
      unk_token: '[UNK]',
      continuing_subword_prefix: '##',
      max_input_chars_per_word,
      vocab,
    },
  })
  await expect(loaded(words('x'))).rejects.toMatchObject(refused)
  const tokenizer = await loaded(words(1e9), 500)
  expect(() => tokenizer.encode('a'.repeat(100_000))).toThrow(expect.objectContaining(refused))
})

describe('a text of a hundred kilobytes is encoded, or refused when its time is up', () => {
  const split = (Regex: string) => ({
    pre_tokenizer: { type: 'Split', pattern: { Regex }, behavior: 'Isolated' },
  })

  test('where a pattern goes back again and again', async () => {
    const tokenizer = await loaded(split('(a+)+$'), 500)
    const start = process.cpuUsage()
    expect(() => tokenizer.encode(`${'a'.repeat(100_000)}!`)).toThrow(expect.objectContaining(refused))
    expect(process.cpuUsage(start).user / 1000).toBeLessThan(3_000)
    expect(tokenizer.encode('aaa').length).toBeGreaterThan(0)
  })

  test('with a pattern of one’s own that is harmless', async () => {
    const tokenizer = await loaded(split('\\p{L}+|[^\\p{L}]+'))
    expect(tokenizer.encode('The one is short. '.repeat(1000)).length).toBeGreaterThan(1000)
  })
})

test('tokenizers as they are published are not watched: that would cost every text a quarter of a millisecond', async () => {
  const assets = join(import.meta.dirname, '../../assets')
  const paths = ['starter', 'starter-gpt-neo'].map((name) => join(assets, name, 'tokenizer.json'))
  const own = [
    join(import.meta.dirname, 'fixtures/tokenizer/tokenizer.json'),
    join(import.meta.dirname, '../goldens/word-piece/tokenizer.json'),
  ]
  for (const path of [...paths, ...own]) {
    const description = JSON.parse(await readFile(path, 'utf8')) as BoundedDescription
    expect(checkTokenizerBounds(description, path), path).toEqual({ watched: false })
  }
  // GPT-2 has tokens of a hundred and twenty-eight characters.
  const step = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true }
  const steps = { normalizer: null, pre_tokenizer: step, post_processor: step, decoder: step }
  const model = { type: 'BPE', vocab: { a: 0, ['-'.repeat(128)]: 1 }, merges: [] }
  expect(checkTokenizerBounds({ ...steps, model, added_tokens: [] }, 'x')).toEqual({ watched: false })
})

test('a mark that cannot become a text is measured all the same', () => {
  const mark = { toString: { a: 1 } }
  const model = { type: 'WordPiece', vocab: { a: 0 }, unk_token: 'a', continuing_subword_prefix: mark }
  const description = {
    ...{ normalizer: null, pre_tokenizer: null, post_processor: null, decoder: null },
    model,
  }
  expect(() => checkTokenizerBounds({ ...description, added_tokens: [] }, 'x')).not.toThrow()
})

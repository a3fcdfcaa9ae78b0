import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { codePointIndex } from '../../trainer/data/code-points.ts'
import { placeTokens } from '../../trainer/data/token-places.ts'
import { loadTokenizer } from '../../trainer/data/tokenizer.ts'
import type { TextTokenizer } from '../../trainer/data/tokenizer.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { fixtureTokenizer, wordPieceDir } from './fixtures/load.ts'

interface Variant {
  readonly name: string
  readonly config: Readonly<Record<string, unknown>>
  readonly cases: readonly {
    readonly text: string
    readonly ids: readonly number[]
    /** Start and end of each token in turn, in code points. */
    readonly offsets: readonly number[]
  }[]
}

const variants = JSON.parse(await readFile(join(wordPieceDir, 'golden.json'), 'utf8')) as readonly Variant[]

describe.each(variants)('$name as the native library', ({ name, config, cases }) => {
  const load = () => (name === 'cased' ? loadTokenizer(wordPieceDir) : fromVocabulary(config))

  test('ids, and places to the character', async () => {
    const tokenizer = await load()
    let stretched = 0
    for (const { text, ids, offsets } of cases) {
      const placed = placeTokens(tokenizer, text)
      expect(
        placed.map(({ id }) => id),
        text,
      ).toEqual(ids)
      const index = codePointIndex(text)
      for (const [i, { start, end }] of placed.entries()) {
        expect(index.toCodePoints(start), text).toBe(offsets[2 * i])
        const native = index.toUtf16(offsets[2 * i + 1] ?? NaN)
        // The accents that were stripped off the last letter are part of ours.
        expect(text.slice(native, end), text).toMatch(/^\p{Mn}*$/u)
        if (end > native) stretched++
      }
    }
    expect(cases.length).toBeGreaterThan(15)
    // Only where accents are stripped.
    expect(stretched > 0).toBe(name === 'uncased')
  })

  test('the whole string encodes to the same ids', async () => {
    const tokenizer = await load()
    // The library lower-cases a last sigma to ς, the native one and BERT's own to σ, and does not know rare Chinese.
    const differing = /Σ(\W|$)|[\u{20000}-\u{2ffff}]/u
    for (const { text, ids } of cases)
      if (!differing.test(text))
        expect(tokenizer.encode(text, { addSpecialTokens: false }), text).toEqual(ids)
  })
})

test('tokenizer.json and vocab.txt say the same', async () => {
  const described = await fromVocabulary({ do_lower_case: false })
  const published = await loadTokenizer(wordPieceDir)
  for (const text of ['Who won?', 'The [MASK] ﬁsh\u0301', ''])
    expect(described.encode(text)).toEqual(published.encode(text))
  expect(described.encode('')).toHaveLength(2)
  expect(described).toMatchObject({
    vocabSize: published.vocabSize,
    padTokenId: 0,
    unkTokenId: 1,
    eosTokenId: null,
  })
  const ids = described.encode('The Panthers defense')
  expect(described.decode(ids, { skipSpecialTokens: true })).toBe('The Panthers defense')
})

test('a tokenizer without places gives every token its whole word', async () => {
  const tokenizer = await fixtureTokenizer()
  expect(tokenizer.placed).toBeNull()
  const text = 'The river\nrises 東京 '
  const placed = placeTokens(tokenizer, text)
  const words = [...new Set(placed.map(({ start, end }) => text.slice(start, end)))]
  expect(words).toEqual(['The', 'river', 'rises', '東京'])
  expect(placed.length).toBeGreaterThan(words.length)
})

test('lone surrogates are dropped and move no place', async () => {
  const tokenizer = await fromVocabulary({})
  const text = 'a\ud83d the \udc00b'
  expect(placeTokens(tokenizer, text).map(({ start, end }) => text.slice(start, end))).toEqual([
    'a',
    'the',
    'b',
  ])
})

describe('bad vocabulary files', () => {
  test.each([
    ['lacks a mark', (vocabulary: string) => vocabulary.replace('[SEP]\n', ''), '[SEP]'],
    ['has no unknown token', (vocabulary: string) => vocabulary.replace('[UNK]\n', ''), '[UNK]'],
  ])('a vocab.txt that %s', async (_, change, named) => {
    const loading = fromVocabulary({}, change)
    await expect(loading).rejects.toMatchObject({ code: 'tokenizer_invalid' })
    await expect(loading).rejects.toThrow(named)
  })

  test('a tokenizer.json whose unknown token is not in its vocabulary', async () => {
    const folder = await temporaryFolder()
    const text = await readFile(join(wordPieceDir, 'tokenizer.json'), 'utf8')
    await writeFile(
      join(folder, 'tokenizer.json'),
      text.replace(/"unk_token":\s*"\[UNK\]"/, '"unk_token":"gone"'),
    )
    await expect(loadTokenizer(folder)).rejects.toMatchObject({ code: 'tokenizer_invalid' })
  })

  test('settings of another type', async () => {
    await expect(fromVocabulary({ do_lower_case: 'yes' })).rejects.toMatchObject({
      code: 'tokenizer_invalid',
      message: expect.stringContaining('do_lower_case'),
    })
  })
})

async function fromVocabulary(
  config: Readonly<Record<string, unknown>>,
  change: (vocabulary: string) => string = (same) => same,
): Promise<TextTokenizer> {
  const folder = await temporaryFolder()
  const vocabulary = await readFile(join(wordPieceDir, 'vocab.txt'), 'utf8')
  await writeFile(join(folder, 'vocab.txt'), change(vocabulary))
  await writeFile(join(folder, 'tokenizer_config.json'), JSON.stringify(config))
  return loadTokenizer(folder)
}

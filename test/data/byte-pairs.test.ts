import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { loadTokenizer } from '../../trainer/data/tokenizer.ts'
import { goldensFolder } from '../support/goldens.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const folder = join(goldensFolder, 'byte-pairs')
interface Golden {
  readonly text: string
  readonly ids: readonly number[]
  readonly prefixed: readonly number[]
  readonly decoded: string
}
const golden = JSON.parse(await readFile(join(folder, 'golden.json'), 'utf8')) as readonly Golden[]
const fixture = (name: string) => readFile(join(folder, name), 'utf8')
const end = '<|endoftext|>'

/** The vocabulary files, some changed, added or (null) left out. */
async function folderWith(changes: Readonly<Record<string, string | null>> = {}): Promise<string> {
  const into = await temporaryFolder()
  const names = ['vocab.json', 'merges.txt', 'special_tokens_map.json', 'tokenizer_config.json']
  for (const name of new Set([...names, ...Object.keys(changes)])) {
    const text = name in changes ? changes[name] : await fixture(name)
    if (text != null) await writeFile(join(into, name), text)
  }
  return into
}

describe('byte-level BPE from vocab.json and merges.txt', () => {
  it('encodes and decodes as the Python library, in every script', async () => {
    const tokenizer = await loadTokenizer(folder)
    expect(golden.length).toBeGreaterThan(90)
    for (const { text, ids, decoded } of golden) {
      expect(tokenizer.encode(text), JSON.stringify(text)).toEqual(ids)
      expect(tokenizer.decode(ids, { skipSpecialTokens: true }), JSON.stringify(text)).toBe(decoded)
    }
    expect(tokenizer).toMatchObject({ vocabSize: 512, eosTokenId: 511, unkTokenId: 511, padTokenId: null })
  })

  it('puts a space in front where the configuration says so', async () => {
    const tokenizer = await loadTokenizer(
      await folderWith({ 'tokenizer_config.json': '{"add_prefix_space": true}' }),
    )
    for (const { text, prefixed } of golden)
      expect(tokenizer.encode(text), JSON.stringify(text)).toEqual(prefixed)
  })

  it('encodes the same from a tokenizer.json', async () => {
    const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true }
    const description = {
      version: '1.0',
      added_tokens: [{ id: 511, content: end, special: true, normalized: false }],
      normalizer: null,
      pre_tokenizer: { type: 'Sequence', pretokenizers: [byteLevel] },
      post_processor: { ...byteLevel, trim_offsets: false },
      decoder: byteLevel,
      model: {
        type: 'BPE',
        vocab: JSON.parse(await fixture('vocab.json')) as unknown,
        merges: (await fixture('merges.txt')).trim().split('\n').slice(1),
      },
    }
    const tokenizer = await loadTokenizer(
      await folderWith({
        'tokenizer.json': JSON.stringify(description),
        'vocab.json': null,
        'merges.txt': null,
      }),
    )
    for (const { text, ids } of golden) expect(tokenizer.encode(text), JSON.stringify(text)).toEqual(ids)
  })

  it('takes added and special tokens from each of the files that may hold them', async () => {
    const added = await loadTokenizer(
      await folderWith({ 'added_tokens.json': '{"<box>": 512}', 'special_tokens_map.json': null }),
    )
    expect(added.encode('a<box> b')).toContain(512)
    expect(added.decode(added.encode('a<box> b'), { skipSpecialTokens: true })).toBe('a<box> b')
    expect(added).toMatchObject({ vocabSize: 513, eosTokenId: 511 })

    const named = await loadTokenizer(
      await folderWith({
        'tokenizer_config.json': JSON.stringify({
          pad_token: { content: '<pad>' },
          added_tokens_decoder: { 512: { content: '<pad>', special: true }, 513: { content: '<sep>' } },
        }),
      }),
    )
    expect(named).toMatchObject({ vocabSize: 514, eosTokenId: 511, padTokenId: 512 })
    expect(named.decode(named.encode('a<pad>b<sep>'), { skipSpecialTokens: true })).toBe('ab<sep>')

    const unnumbered = await loadTokenizer(
      await folderWith({
        'special_tokens_map.json': JSON.stringify({ eos_token: end, pad_token: '[PAD]' }),
      }),
    )
    expect(unnumbered).toMatchObject({ vocabSize: 513, padTokenId: 512 })
  })

  it('goes without any other file, and with a text written on Windows', async () => {
    const bare = await loadTokenizer(
      await folderWith({
        'merges.txt': (await fixture('merges.txt')).replaceAll('\n', '\r\n'),
        'special_tokens_map.json': null,
        'tokenizer_config.json': null,
      }),
    )
    for (const { text, ids } of golden) expect(bare.encode(text), JSON.stringify(text)).toEqual(ids)
    expect(bare.eosTokenId).toBe(511)
  })

  it.each([
    ['merges.txt', null, 'file_missing', 'merges.txt'],
    ['merges.txt', '#version: 0.2\na b\na b c\n', 'tokenizer_invalid', '"a b c" is not a pair'],
    ['vocab.json', '{"a": -1}', 'tokenizer_invalid', 'vocab.json'],
    ['vocab.json', '{"a": ', 'tokenizer_invalid', 'vocab.json'],
    ['special_tokens_map.json', '{"eos_token": 5}', 'tokenizer_invalid', 'eos_token'],
    ['vocab.json', null, 'file_missing', 'tokenizer.json'],
  ])('says what is wrong with %s: %s', async (name, text, code, message) => {
    await expect(loadTokenizer(await folderWith({ [name]: text }))).rejects.toMatchObject({
      code,
      message: expect.stringContaining(message),
    })
  })
})

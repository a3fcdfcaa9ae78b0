import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { decodeStream } from '../../trainer/data/decode-stream.ts'
import { checkTokenizerFits, loadTokenizer } from '../../trainer/data/tokenizer.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { fixtureTokenizer, goldenTexts, tokenizerDir } from './fixtures/load.ts'

const tokenizer = await fixtureTokenizer()
const golden = await goldenTexts()

describe('tokenizer', () => {
  it.each(golden)('encodes $text as the Python library', ({ text, ids, bare }) => {
    expect(tokenizer.encode(text)).toEqual(ids)
    expect(tokenizer.encode(text, { addSpecialTokens: false })).toEqual(bare)
  })

  it.each(golden)('decodes $text as the Python library', ({ ids, decoded, decodedWhole }) => {
    expect(tokenizer.decode(ids, { skipSpecialTokens: true })).toBe(decoded)
    expect(tokenizer.decode(ids)).toBe(decodedWhole)
  })

  it('knows its size and its marks', () => {
    expect(tokenizer).toMatchObject({ padTokenId: 0, eosTokenId: 1, unkTokenId: 2 })
    const ids = golden.flatMap((entry) => entry.ids)
    expect(tokenizer.vocabSize).toBeGreaterThan(Math.max(...ids))
  })

  it('ignores the truncation and padding baked into tokenizer.json', async () => {
    expect(await readFile(join(tokenizerDir, 'tokenizer.json'), 'utf8')).toContain('"max_length": 8')
    expect(tokenizer.encode('a')).toHaveLength(2)
    expect(tokenizer.encode('one two three four five six seven eight nine ten').length).toBeGreaterThan(10)
  })

  it('takes lone surrogates for U+FFFD', () => {
    expect(tokenizer.encode('a \ud83d b')).toEqual(tokenizer.encode('a \ufffd b'))
    expect(tokenizer.encode('\udc00')).toEqual(tokenizer.encode('\ufffd'))
  })

  it('decodes nothing to nothing', () => {
    expect(tokenizer.decode([])).toBe('')
  })

  it('works without tokenizer_config.json', async () => {
    const dir = await folderWith(await readFile(join(tokenizerDir, 'tokenizer.json'), 'utf8'))
    const bare = await loadTokenizer(dir)
    expect(bare).toMatchObject({ padTokenId: 0, eosTokenId: 1, unkTokenId: 2 })
    expect(bare.encode('the capital of France')).toEqual(tokenizer.encode('the capital of France'))
  })
})

describe('bad tokenizer files', () => {
  it('says what is missing', async () => {
    await expect(loadTokenizer(join(await temporaryFolder(), 'no-such-model'))).rejects.toMatchObject({
      code: 'file_missing',
      message: expect.stringContaining('tokenizer.json'),
    })
  })

  it.each([
    ['no JSON', '{"model": '],
    ['a list', '[]'],
    ['no model', '{"version":"1.0"}'],
    ['an unknown model type', '{"model":{"type":"Nonsense","vocab":{"a":0}}}'],
    ['vocabulary entries that are none', '{"model":{"type":"Unigram","unk_id":0,"vocab":[["a"],[1,2]]}}'],
    ['no unknown token', '{"model":{"type":"Unigram","vocab":[["a",-1]]}}'],
    [
      'added tokens without ids',
      '{"model":{"type":"Unigram","unk_id":0,"vocab":[["a",0]]},"added_tokens":[{"content":"x"}]}',
    ],
  ])('refuses %s', async (_, text) => {
    await expect(loadTokenizer(await folderWith(text))).rejects.toMatchObject({ code: 'tokenizer_invalid' })
  })
})

describe('checkTokenizerFits', () => {
  const model = { vocabSize: tokenizer.vocabSize, eosTokenId: 1, padTokenId: 0 }

  it('accepts the own model, also with a padded embedding', () => {
    checkTokenizerFits(tokenizer, model)
    checkTokenizerFits(tokenizer, { ...model, vocabSize: model.vocabSize + 28 })
  })

  it.each([
    ['a smaller vocabulary', { vocabSize: model.vocabSize - 1 }],
    ['another end token', { eosTokenId: 2 }],
    ['another padding token', { padTokenId: 3 }],
  ])('refuses a model with %s', (_, difference) => {
    expect(() => checkTokenizerFits(tokenizer, { ...model, ...difference })).toThrow(
      expect.objectContaining({ code: 'tokenizer_mismatch' }),
    )
  })
})

describe('decodeStream', () => {
  it.each(golden)('gives the pieces of $text that make up the whole', ({ ids, decoded }) => {
    const stream = decodeStream(tokenizer)
    let text = ''
    for (const id of ids) {
      text += stream.push(id)
      expect(decoded.startsWith(text)).toBe(true)
    }
    expect(text + stream.end()).toBe(decoded)
  })

  it('does not wait for the end', () => {
    const stream = decodeStream(tokenizer)
    const pieces = tokenizer
      .encode('the capital of France', { addSpecialTokens: false })
      .map((id) => stream.push(id))
    expect(pieces.join('')).toBe('the capital of France')
    expect(stream.end()).toBe('')
  })

  it('holds back characters whose bytes are not all there', async () => {
    const bytes = Array.from({ length: 256 }, (_, i) => [
      `<0x${i.toString(16).toUpperCase().padStart(2, '0')}>`,
      -5,
    ])
    const decoder = { type: 'Sequence', decoders: [{ type: 'ByteFallback' }, { type: 'Fuse' }] }
    const byteTokenizer = await loadTokenizer(
      await folderWith(
        JSON.stringify({ model: { type: 'Unigram', unk_id: 0, vocab: [['<unk>', 0], ...bytes] }, decoder }),
      ),
    )
    const stream = decodeStream(byteTokenizer)
    const ids = [...Buffer.from('é😀!')].map((byte) => byte + 1)
    expect(ids.map((id) => stream.push(id))).toEqual(['', 'é', '', '', '', '😀', '!'])
  })
})

async function folderWith(tokenizerJson: string): Promise<string> {
  const dir = await temporaryFolder()
  await writeFile(join(dir, 'tokenizer.json'), tokenizerJson)
  return dir
}

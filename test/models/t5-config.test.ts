import { cp, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { openModel } from '../../trainer/models/registry.ts'
import { parseT5Config, t5Linears, t5Parameters } from '../../trainer/models/t5-config.ts'
import { flanT5Small } from '../support/random-model.ts'
import { logitsOf, openT5Case, t5Names } from '../support/t5-goldens.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const untied = new Set(['lm_head.weight'])
const parse = (change: Readonly<Record<string, unknown>>, names: ReadonlySet<string> = untied) =>
  parseT5Config({ ...flanT5Small, ...change }, 'config.json', names)

describe.each(t5Names)('%s', (name) => {
  test('the configuration that transformers 5 writes gives the same logits', async () => {
    const t5 = await openT5Case(name)
    const folder = await temporaryFolder()
    await cp(join(t5.folder, 'model/model.safetensors'), join(folder, 'model.safetensors'))
    await cp(join(t5.folder, 'config-resaved.json'), join(folder, 'config.json'))
    const resaved = await openModel(folder)
    expect(resaved.architecture.config).toEqual(t5.model.architecture.config)
    const run = { adapter: null, fusedNorms: true, merged: true }
    expect(await logitsOf(resaved, t5.batch('main'), run)).toEqual(
      await logitsOf(t5.model, t5.batch('main'), run),
    )
  })
})

test('Flan-T5-small, as published, has its number of parameters', () => {
  const config = parse({})
  const sizes = [...t5Parameters(config).values()].map((shape) => shape.reduce((a, b) => a * b, 1))
  expect(sizes.reduce((a, b) => a + b, 0)).toBe(76_961_152)
  // q, k, v, o in 8 + 16 attentions, and three layers in each of 16 feed-forwards.
  expect(t5Linears(config).size).toBe(4 * 24 + 3 * 16)
})

describe('what is shared and scaled', () => {
  const head = (change: Readonly<Record<string, unknown>>, names: ReadonlySet<string>) => {
    const { tiedHead, scaledHead } = parse(change, names)
    return { tiedHead, scaledHead }
  }
  const none = new Set<string>()

  test.each([
    ['version 4, not tied', { tie_word_embeddings: false }, untied, false, false],
    ['version 4, tied', { tie_word_embeddings: true }, none, true, true],
    ['version 4, tied, with a copy in the file', { tie_word_embeddings: true }, untied, true, true],
    ['left out', { tie_word_embeddings: undefined }, none, true, true],
    ['null', { tie_word_embeddings: null }, none, true, true],
    ['version 5, v1.0', { tie_word_embeddings: true, scale_decoder_outputs: true }, none, true, true],
    ['version 5, Flan', { tie_word_embeddings: true, scale_decoder_outputs: false }, untied, false, false],
  ])('%s', (_, change, names, tiedHead, scaledHead) => {
    expect(head(change, names)).toEqual({ tiedHead, scaledHead })
  })
})

test('defaults and lists', () => {
  const config = parseT5Config(
    { ...flanT5Small, num_decoder_layers: undefined, eos_token_id: [7, 1], decoder_start_token_id: null },
    'c',
    untied,
  )
  expect(config).toMatchObject({ decoderLayers: 8, eosTokenId: 7, decoderStartTokenId: 0 })
  expect(parse({ eos_token_id: 3 }).eosTokenId).toBe(3)
  expect(parse({ decoder_start_token_id: undefined, pad_token_id: 5 }).decoderStartTokenId).toBe(5)
  expect(parse({ feed_forward_proj: undefined }).gated).toBe(false)
  expect(parse({ num_decoder_layers: 2 })).toMatchObject({ encoderLayers: 8, decoderLayers: 2 })
})

describe('what is not supported is named', () => {
  const rejected = (change: Readonly<Record<string, unknown>>) => {
    try {
      parse(change)
    } catch (thrown) {
      return thrown
    }
    return null
  }

  test.each(['gated-silu', 'gelu', 'tanh'])('the activation %s', (activation) => {
    expect(rejected({ feed_forward_proj: activation })).toMatchObject({
      code: 'model_unsupported',
      details: { field: 'feed_forward_proj' },
    })
  })

  test.each([
    ['d_model', -1],
    ['d_model', '512'],
    ['num_layers', 1e9],
    ['num_heads', 0],
    ['dropout_rate', 1],
    ['layer_norm_epsilon', 0],
    ['relative_attention_num_buckets', 1],
    ['eos_token_id', []],
    ['eos_token_id', [32128]],
    ['pad_token_id', 32128],
    ['decoder_start_token_id', 1e9],
    ['vocab_size', undefined],
  ])('%s = %j', (field, value) => {
    expect(rejected({ [field]: value })).toMatchObject({ code: 'model_invalid', details: { field } })
  })
})

describe('opening a folder', () => {
  const withConfig = async (text: string) => {
    const folder = await temporaryFolder()
    await writeFile(join(folder, 'config.json'), text)
    return folder
  }

  test.each([
    ['{"model_type":"llama"}', 'model_unsupported', /"llama".*Supported are: .*\bt5\b/],
    ['{"model_type":"constructor"}', 'model_unsupported', /"constructor"/],
    ['{}', 'model_unsupported', /null/],
    ['[]', 'model_unsupported', /null/],
    ['null', 'model_unsupported', /null/],
    ['{', 'model_invalid', /config\.json is not JSON/],
  ])('%s', async (text, code, message) => {
    await expect(openModel(await withConfig(text))).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message) as string,
    })
  })

  test('a folder that is not there, and one without a configuration', async () => {
    const folder = await temporaryFolder()
    await expect(openModel(join(folder, 'gone'))).rejects.toMatchObject({
      code: 'file_missing',
      message: expect.stringContaining('does not exist') as string,
    })
    await expect(openModel(folder)).rejects.toMatchObject({
      code: 'file_missing',
      message: expect.stringContaining('has no config.json') as string,
    })
  })

  test('the golden configuration is read from its file', async () => {
    const t5 = await openT5Case('t5-v1.0')
    const text = await readFile(join(t5.folder, 'model/config.json'), 'utf8')
    expect(JSON.parse(text)).toMatchObject({ num_layers: 2, num_decoder_layers: 3 })
    expect(t5.model.architecture.config).toMatchObject({ encoderLayers: 2, decoderLayers: 3, gated: false })
  })
})

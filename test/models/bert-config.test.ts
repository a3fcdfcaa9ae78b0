import { cp, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { encodeSafetensors, readSafetensors } from '../../trainer/checkpoint/safetensors.ts'
import { parseBertConfig, parseDistilBertConfig } from '../../trainer/models/bert-config.ts'
import { openModel } from '../../trainer/models/registry.ts'
import { readWeights } from '../../trainer/models/weights.ts'
import { goldensFolder } from '../support/goldens.ts'
import { bertBase, tinyBert } from '../support/random-bert.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

test('reads what published folders say', () => {
  expect(parseBertConfig(bertBase, 'config.json')).toMatchObject({
    modelType: 'bert',
    width: 768,
    heads: 12,
    headWidth: 64,
    layers: 12,
    tokenTypes: 2,
    maxLength: 512,
    eosTokenId: null,
  })
  // distilbert-base-uncased names few fields, and some that matter to nothing here.
  const distilbert = {
    model_type: 'distilbert',
    activation: 'gelu',
    vocab_size: 30522,
    dim: 768,
    hidden_dim: 3072,
    n_heads: 12,
    n_layers: 6,
    sinusoidal_pos_embds: false,
    tie_weights_: true,
  }
  expect(parseDistilBertConfig(distilbert, 'config.json')).toMatchObject({
    modelType: 'distilbert',
    feedForwardWidth: 3072,
    layers: 6,
    tokenTypes: 0,
    epsilon: 1e-12,
    padTokenId: 0,
  })
})

test.each([
  ['another activation', { hidden_act: 'relu' }, 'model_unsupported', 'hidden_act'],
  [
    'relative positions',
    { position_embedding_type: 'relative_key' },
    'model_unsupported',
    'gelu and absolute',
  ],
  ['a decoder', { is_decoder: true }, 'model_unsupported', 'is_decoder'],
  ['a missing size', { hidden_size: undefined }, 'model_invalid', 'hidden_size'],
  ['heads that do not divide the width', { num_attention_heads: 5 }, 'model_invalid', '5 heads'],
  ['padding outside of the vocabulary', { pad_token_id: 520 }, 'model_invalid', '520'],
])('refuses %s', (_, change, code, named) => {
  const parse = () => parseBertConfig({ ...tinyBert, ...change }, 'config.json')
  expect(parse).toThrow(expect.objectContaining({ code, message: expect.stringContaining(named) }))
})

describe.each(['bert', 'distilbert'])('%s folders under other names', (name) => {
  const original = join(goldensFolder, name, 'model')
  const rewritten = async (rename: (key: string) => string | null, more: readonly string[] = []) => {
    const folder = await temporaryFolder()
    await cp(join(original, 'config.json'), join(folder, 'config.json'))
    const tensors = [...(await readSafetensors(join(original, 'model.safetensors')))].flatMap(
      ([key, tensor]) => {
        const renamed = rename(key)
        return renamed === null ? [] : [[renamed, tensor] as const]
      },
    )
    const unused = more.map((key) => [key, { shape: [1], data: new Float32Array(1) }] as const)
    await writeFile(join(folder, 'model.safetensors'), encodeSafetensors(new Map([...tensors, ...unused])))
    return openModel(folder)
  }
  const valuesOf = async ({ weights, architecture }: Awaited<ReturnType<typeof openModel>>) =>
    readWeights(weights, architecture.parameters, [...architecture.parameters.keys()])

  test('gamma and beta, no prefix, other heads: the same values', async () => {
    const expected = await valuesOf(await openModel(original))
    const old = (key: string) => key.replace(/(orm)\.weight$/, '$1.gamma').replace(/(orm)\.bias$/, '$1.beta')
    const bare = (key: string) => key.replace(/^(distil)?bert\./, '')
    const heads =
      name === 'bert'
        ? ['pooler.dense.weight', 'cls.predictions.bias', 'cls.predictions.transform.LayerNorm.gamma']
        : ['vocab_projector.bias', 'vocab_layer_norm.weight', 'pre_classifier.bias']
    for (const rename of [old, bare, (key: string) => bare(old(key))]) {
      const model = await rewritten(rename, [...heads, bare(`${name}.embeddings.position_ids`)])
      expect(await valuesOf(model)).toEqual(expected)
      expect(model.missing).toEqual([])
    }
  })

  test('without a span head one is drawn, the same each time', async () => {
    const withoutHead = (key: string) => (key.startsWith('qa_outputs') ? null : key)
    const [model, again] = [await rewritten(withoutHead), await rewritten(withoutHead)]
    expect(model.missing).toEqual(['qa_outputs.weight', 'qa_outputs.bias'])
    const head = (await valuesOf(model)).get('qa_outputs.weight')?.data ?? new Float32Array()
    expect(head).toEqual((await valuesOf(again)).get('qa_outputs.weight')?.data)
    expect(Math.hypot(...head) / Math.sqrt(head.length)).toBeCloseTo(0.02, 2)
  })

  test('a missing or unknown weight is named', async () => {
    await expect(rewritten((key) => (key.includes('word_embeddings') ? null : key))).rejects.toMatchObject({
      code: 'weights_missing',
      message: expect.stringContaining('word_embeddings'),
    })
    await expect(rewritten((key) => key, ['decoder.weight'])).rejects.toMatchObject({
      code: 'weights_surplus',
    })
  })
})

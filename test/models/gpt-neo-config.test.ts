import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { encodeSafetensors, readSafetensors } from '../../trainer/checkpoint/safetensors.ts'
import { gptNeoParameters, parseGptNeoConfig } from '../../trainer/models/gpt-neo-config.ts'
import { openModel } from '../../trainer/models/registry.ts'
import { readWeights } from '../../trainer/models/weights.ts'
import { goldensFolder } from '../support/goldens.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

/** As EleutherAI publishes them; 125M names its types, 2.7B the layers too. */
const published = {
  '125M': {
    activation_function: 'gelu_new',
    attention_dropout: 0,
    attention_layers: Array.from({ length: 12 }, (_, i) => (i % 2 === 0 ? 'global' : 'local')),
    attention_types: [[['global', 'local'], 6]],
    bos_token_id: 50256,
    embed_dropout: 0,
    eos_token_id: 50256,
    gradient_checkpointing: false,
    hidden_size: 768,
    initializer_range: 0.02,
    intermediate_size: null,
    layer_norm_epsilon: 1e-5,
    max_position_embeddings: 2048,
    model_type: 'gpt_neo',
    num_heads: 12,
    num_layers: 12,
    resid_dropout: 0,
    vocab_size: 50257,
    window_size: 256,
  },
  '1.3B': { model_type: 'gpt_neo' },
  '2.7B': {
    model_type: 'gpt_neo',
    hidden_size: 2560,
    num_layers: 32,
    num_heads: 20,
    attention_types: [[['global', 'local'], 16]],
  },
} as const
const parse = (changes: Readonly<Record<string, unknown>> = {}, names: readonly string[] = []) =>
  parseGptNeoConfig({ ...published['125M'], ...changes }, 'config.json', new Set(names))

// Without the second count of the shared head, as the library counts them.
test.each([
  ['125M', 125_198_592],
  ['1.3B', 1_315_575_808],
  ['2.7B', 2_651_307_520],
] as const)('the configuration of %s has its parameters', (name, count) => {
  const config = parseGptNeoConfig(published[name], 'config.json', new Set())
  const sizes = [...gptNeoParameters(config).values()].map((shape) => shape.reduce((a, b) => a * b, 1))
  expect(sizes.reduce((a, b) => a + b, 0)).toBe(count)
  expect(config).toMatchObject({
    eosTokenId: 50256,
    padTokenId: 50256,
    maxLength: 2048,
    window: 256,
    dropout: 0,
    tiedHead: true,
  })
  expect(config.attention.slice(0, 3)).toEqual(['global', 'local', 'global'])
  expect(config.attention).toHaveLength(config.layers)
})

test('attention types are expanded, layers taken as they are, and without either they take turns', () => {
  const types = [
    [['global'], 2],
    [['local', 'global'], 5],
  ]
  expect(parse({ attention_types: types }).attention.slice(0, 5)).toEqual([
    'global',
    'global',
    'local',
    'global',
    'local',
  ])
  const layers = Array.from({ length: 12 }, () => 'local')
  expect(parse({ attention_types: null, attention_layers: layers }).attention).toEqual(layers)
  expect(parse({ attention_types: undefined, attention_layers: undefined }).attention[1]).toBe('local')
})

test('dropout acts where the file has a rate, and everywhere where it has none', () => {
  expect(parse({ resid_dropout: 0.1, attention_dropout: 0.2 })).toMatchObject({
    dropout: 0.2,
    dropoutPlaces: new Set(['attention', 'residual']),
  })
  expect(parse().dropoutPlaces).toEqual(new Set(['embedding', 'attention', 'residual']))
})

test('marks, head and inner width as the file says', () => {
  expect(parse({ pad_token_id: 7, eos_token_id: [9, 3] })).toMatchObject({ padTokenId: 7, eosTokenId: 9 })
  expect(parse({ intermediate_size: 100 }).feedForwardWidth).toBe(100)
  expect(parse().feedForwardWidth).toBe(3072)
  expect(parse({ tie_word_embeddings: false }, ['lm_head.weight']).tiedHead).toBe(false)
  expect(parse({ tie_word_embeddings: false }).tiedHead).toBe(true)
  expect(parse({}, ['lm_head.weight']).tiedHead).toBe(true)
})

describe('what cannot be used is named', () => {
  test.each([
    [{ activation_function: 'relu' }, 'model_unsupported', 'activation_function', 'gelu_new'],
    [{ attention_types: [[['sparse'], 12]] }, 'model_unsupported', 'attention_types', 'global and local'],
    [{ attention_types: [[['global'], 5]] }, 'model_invalid', 'attention_types', '5 layers'],
    [{ hidden_size: 770 }, 'model_invalid', 'num_heads', '770'],
    [{ hidden_size: 'wide' }, 'model_invalid', 'hidden_size', ''],
    [{ vocab_size: 100 }, 'model_invalid', 'eos_token_id', '50256'],
    [{ pad_token_id: 50257 }, 'model_invalid', 'pad_token_id', '50257'],
  ])('%j', (changes, code, field, message) => {
    expect(() => parse(changes)).toThrow(
      expect.objectContaining({
        code,
        details: { path: 'config.json', field },
        message: expect.stringContaining(message),
      }),
    )
  })
})

test('a file that was saved without the head is the same model', async () => {
  const folder = await temporaryFolder()
  const original = join(goldensFolder, 'gpt-neo/model')
  const whole = await openModel(original)
  const names = [...whole.architecture.parameters.keys()]
  const tensors = await readSafetensors(join(original, 'model.safetensors'), names)
  const bare = new Map(
    [...tensors].map(([name, tensor]) => [name.replace(/^transformer\./, ''), tensor] as const),
  )
  await writeFile(join(folder, 'model.safetensors'), encodeSafetensors(bare, { format: 'pt' }))
  await writeFile(join(folder, 'config.json'), await readFile(join(original, 'config.json')))
  const model = await openModel(folder)
  expect(model.architecture.storedNames?.get('transformer.wte.weight')).toBe('wte.weight')
  const [read, expected] = [model, whole].map(({ weights, architecture }) =>
    readWeights(weights, architecture.parameters, names),
  )
  expect(await read).toEqual(await expected)
  await rm(folder, { recursive: true })
})

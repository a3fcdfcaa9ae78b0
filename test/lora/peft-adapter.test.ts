import { cp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import {
  encodeSafetensors,
  readSafetensors,
  readSafetensorsHeader,
} from '../../trainer/checkpoint/safetensors.ts'
import type { NamedTensor } from '../../trainer/checkpoint/safetensors.ts'
import { initializeLora } from '../../trainer/lora/initialize.ts'
import { loadAdapter } from '../../trainer/lora/peft-adapter.ts'
import type { AdaptableArchitecture } from '../../trainer/lora/peft-adapter.ts'
import { saveAdapter } from '../../trainer/lora/save-adapter.ts'
import { initializeTrained } from '../../trainer/lora/initialize.ts'
import { chooseTrained } from '../../trainer/lora/trained.ts'
import { parseSettings } from '../../trainer/protocol.ts'
import { saveResult } from '../../trainer/run/save-result.ts'
import { golden, relativeError } from '../support/goldens.ts'
import { adapterNames, logitsOf, openT5Case } from '../support/t5-goldens.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const t5 = await openT5Case('t5-flan')
const { architecture } = t5.model
const { linears } = architecture
const adapterSettings = (given: Readonly<Record<string, unknown>>) => {
  const settings = parseSettings({ rank: 4, alpha: 8, targetModules: ['q', 'v'], ...given })
  const trained = chooseTrained(architecture, settings)
  return { baseModel: 'model', architecture, trained, settings }
}
const configOf = async (folder: string) =>
  JSON.parse(await readFile(join(folder, 'adapter_config.json'), 'utf8')) as Readonly<Record<string, unknown>>

describe.each(adapterNames)('%s as PEFT wrote it', (name) => {
  const folder = join(t5.folder, name)

  test('gives the logits of PEFT', async () => {
    const { data } = golden(t5.goldens, `logits/${name}/main`)
    const run = { adapter: t5.adapters[name], fusedNorms: true, merged: true }
    expect(relativeError(await logitsOf(t5.model, t5.batch('main'), run), data)).toBeLessThan(1e-5)
  })

  test('saved again has the same names, shapes, values and configuration', async () => {
    const config = await configOf(folder)
    const out = await temporaryFolder()
    await saveAdapter(
      out,
      t5.adapters[name].parameters,
      adapterSettings({
        rank: config['r'],
        alpha: config['lora_alpha'],
        targetModules: config['target_modules'],
      }),
    )
    const file = 'adapter_model.safetensors'
    expect(await readSafetensors(join(out, file))).toEqual(await readSafetensors(join(folder, file)))
    expect((await readSafetensorsHeader(join(out, file))).metadata).toEqual(
      (await readSafetensorsHeader(join(folder, file))).metadata,
    )
    const ours = await configOf(out)
    // Every field of ours stands in PEFT's file with the same value; PEFT fills the others in with its defaults.
    expect(config).toMatchObject(ours)
    expect(Object.keys(ours)).toEqual(expect.arrayContaining(['peft_type', 'task_type', 'r', 'lora_alpha']))
    expect((await readdir(out)).sort()).toEqual(['adapter_config.json', file])
  })
})

describe('saving', () => {
  const description = adapterSettings({ rank: 3, alpha: 6, rankStabilized: true, targetModules: ['q', 'wo'] })
  const { targets } = description.trained
  const parameters = initializeLora(targets, 1)
  const byPath = <T extends { readonly path: string }>(all: readonly T[]) =>
    all.toSorted((a, b) => (a.path < b.path ? -1 : 1))

  test('loads again as it was, rank-stabilised scaling included', async () => {
    const folder = await temporaryFolder()
    await saveAdapter(folder, parameters, description)
    const loaded = await loadAdapter(folder, architecture)
    expect(new Map([...loaded.parameters].sort())).toEqual(new Map([...parameters].sort()))
    expect(byPath(loaded.targets)).toEqual(byPath(targets))
    expect(loaded.targets[0]?.scale).toBeCloseTo(6 / Math.sqrt(3), 12)
    expect(loaded.notes).toEqual([])
  })

  test('equal adapters give equal bytes, in whatever order they come', async () => {
    const [a, b] = [await temporaryFolder(), await temporaryFolder()]
    await saveAdapter(a, parameters, description)
    await saveAdapter(b, new Map([...parameters].reverse()), description)
    for (const name of await readdir(a))
      expect((await readFile(join(a, name))).equals(await readFile(join(b, name))), name).toBe(true)
  })

  test('DoRA, patterns and modules that are trained whole load again as they were', async () => {
    const rich = adapterSettings({
      useDora: true,
      rankPattern: { 'encoder.*q': 2 },
      alphaPattern: { v: 3 },
      modulesToSave: ['lm_head', 'shared', 'final_layer_norm'],
    })
    const trained = await initializeTrained(t5.model, rich.trained, 1)
    const folder = await temporaryFolder()
    await saveAdapter(folder, trained, rich)
    const loaded = await loadAdapter(folder, architecture)
    expect(byPath(loaded.targets)).toEqual(byPath(rich.trained.targets))
    expect(new Map([...loaded.parameters].sort())).toEqual(new Map([...trained].sort()))
    expect(loaded.savedModules.toSorted()).toEqual(rich.trained.whole.toSorted())
    expect(loaded.notes).toEqual([])
    // PEFT knows T5's embedding as three modules.
    expect(await configOf(folder)).toMatchObject({
      modules_to_save: expect.arrayContaining([
        'shared',
        'encoder.embed_tokens',
        'decoder.embed_tokens',
        'lm_head',
      ]) as string[],
      rank_pattern: { 'encoder.*q': 2 },
      alpha_pattern: { v: 3 },
      use_dora: true,
      target_modules: ['q', 'v'],
    })
  })

  test.each([{ layersToTransform: [1], targetModules: ['q'] }, { targetModules: ['decoder.*q'] }])(
    'with %j, which PEFT sees otherwise, every layer is named in full',
    async (given) => {
      const { settings, trained } = adapterSettings(given)
      const folder = await saveResult(await temporaryFolder(), t5.model, {
        parameters: initializeLora(trained.targets, 1),
        trained,
        settings,
      })
      const { target_modules: modules } = await configOf(folder)
      expect((modules as string[]).toSorted()).toEqual(trained.targets.map(({ path }) => path).toSorted())
      expect((await loadAdapter(folder, architecture)).targets).toHaveLength(trained.targets.length)
    },
  )
})

const original = join(t5.folder, 'adapter-qv')

async function copy(from = original) {
  const folder = await temporaryFolder()
  await cp(from, folder, { recursive: true })
  return folder
}

async function withConfig(change: Readonly<Record<string, unknown>>, from = original) {
  const folder = await copy(from)
  const path = join(folder, 'adapter_config.json')
  await writeFile(path, JSON.stringify({ ...(await configOf(folder)), ...change }))
  return folder
}

async function withTensors(change: (tensors: Map<string, NamedTensor>) => void, from = original) {
  const folder = await copy(from)
  const path = join(folder, 'adapter_model.safetensors')
  const tensors = await readSafetensors(path)
  change(tensors)
  await writeFile(path, encodeSafetensors(tensors))
  return folder
}

const layer = 'encoder.block.0.layer.0.SelfAttention.q'
const key = (matrix: 'A' | 'B', path = layer) => `base_model.model.${path}.lora_${matrix}.weight`
const one = { shape: [1], data: Float32Array.of(1) }

describe('what has no effect is told', () => {
  const notesOf = async (folder: string) => (await loadAdapter(folder, architecture)).notes

  test.each([
    [{ target_modules: ['q', 'v', 'query'] }, /target_modules names query, which none of the adapted/],
    [{ fan_in_fan_out: true }, /fan_in_fan_out is true and was treated as false/],
    [{ bias: 'lora_only' }, /bias is lora_only, but the file holds no biases/],
    [{ modules_to_save: ['lm_head'] }, /modules_to_save names lm_head, which the file does not hold/],
    [{ task_type: 'CAUSAL_LM' }, /task_type is CAUSAL_LM; .* as SEQ_2_SEQ_LM/],
    [{ from_the_future: 3, another: [] }, /also says from_the_future, which is unknown here/],
  ])('%j', async (change, note) => {
    expect(await notesOf(await withConfig(change))).toEqual([expect.stringMatching(note)])
  })

  test('tensors that the model has no place for', async () => {
    const folder = await withTensors((tensors) => {
      tensors.set('encoder.x', one)
      tensors.set('base_model.model.no.such.weight', one)
      tensors.set('base_model.model.shared.weight', one)
      tensors.set(`base_model.model.${layer}.lora_magnitude_vector`, one)
    })
    const [note, ...others] = await notesOf(folder)
    expect(others).toEqual([])
    for (const name of ['encoder.x', 'no.such.weight', 'shared.weight', `${layer}.lora_magnitude_vector`])
      expect(note).toContain(name)
  })

  test.each([
    { exclude_modules: ['wo'], layers_to_transform: [0, 1], layers_pattern: 'block' },
    { rank_pattern: null, alpha_pattern: {}, modules_to_save: [], target_modules: null },
    { target_modules: '(?!x).*\\.[qv]', init_lora_weights: 'gaussian' },
    { init_lora_weights: false, lora_dropout: 0.3, use_dora: null, revision: 'main' },
  ])('nothing for %j', async (change) => {
    const adapter = await loadAdapter(await withConfig(change), architecture)
    expect(adapter).toEqual(await loadAdapter(original, architecture))
  })

  test("names with the adapter's own name in them are the same adapter", async () => {
    const named = await withTensors((tensors) => {
      for (const [name, tensor] of [...tensors]) {
        tensors.delete(name)
        tensors.set(name.replace('.weight', '.default.weight'), tensor)
      }
    })
    expect(await loadAdapter(named, architecture)).toEqual(await loadAdapter(original, architecture))
  })
})

describe('adapters that cannot be used', () => {
  const refused = (folder: string, code: string, message: RegExp, of: Partial<AdaptableArchitecture> = {}) =>
    expect(loadAdapter(folder, { ...architecture, ...of })).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message) as string,
    })
  test('a file is missing', async () => {
    for (const name of ['adapter_config.json', 'adapter_model.safetensors']) {
      const folder = await copy()
      await rm(join(folder, name))
      await refused(folder, 'file_missing', new RegExp(name))
    }
    await refused(join(await temporaryFolder(), 'gone'), 'file_missing', /does not exist/)
  })

  test.each([
    ['{', /it is not JSON/],
    ['[]', /adapter_config\.json is not a usable LoRA adapter/],
    ['null', /adapter_config\.json is not a usable LoRA adapter/],
  ])('the configuration is %s', async (text, message) => {
    const folder = await copy()
    await writeFile(join(folder, 'adapter_config.json'), text)
    await refused(folder, 'adapter_invalid', message)
  })

  test.each([
    [{ peft_type: 'IA3' }, /peft_type/],
    [{ r: 0 }, /r: /],
    [{ lora_alpha: '8' }, /lora_alpha/],
    [{ r: 2.5 }, /r: /],
    [{ lora_bias: true }, /it uses lora_bias, which is not supported/],
    [{ use_dora: true }, /lacks its lora_magnitude_vector/],
    [{ trainable_token_indices: [1], arrow_config: {} }, /it uses trainable_token_indices, which/],
    [{ init_lora_weights: 'pissa_niter_4' }, /init_lora_weights is "pissa_niter_4", which changes the base/],
    [{ init_lora_weights: 'olora' }, /path_initial_model_for_weight_conversion/],
    [{ init_lora_weights: 'loftq' }, /which changes the base/],
    [{ r: 8 }, /has rank 4, adapter_config\.json says 8/],
    [{ rank_pattern: { q: 2 } }, /SelfAttention\.q has rank 4, adapter_config\.json says 2/],
    [{ alpha_pattern: { '(?=q)': 2 } }, /its alpha_pattern is not understood/],
  ])('the configuration says %j', async (change, message) => {
    await refused(await withConfig(change), 'adapter_invalid', message)
  })

  test.each([
    [`${layer}.lora_embedding_A`, /adapts the embedding/],
    [`${layer}.lora_B.bias`, /lora_B\.bias, which is not supported/],
    [
      'encoder.embed_tokens.weight',
      /keeps values of its own for some of encoder\.embed_tokens\.weight, decoder/,
    ],
  ])('it holds %s', async (name, message) => {
    const folder = await withTensors((tensors) => tensors.set(`base_model.model.${name}`, one))
    await refused(folder, 'adapter_invalid', message)
  })

  test('a kept module of another size', async () => {
    const folder = await withTensors((tensors) => tensors.set('base_model.model.lm_head.weight', one))
    await refused(
      folder,
      'adapter_mismatch',
      /The adapter's lm_head\.weight is \[1\], the model's \[96, 32\]/,
    )
  })

  test('it adapts the head', async () => {
    const folder = await withTensors((tensors) => {
      tensors.set(key('A', 'lm_head'), one)
      tensors.set(key('B', 'lm_head'), one)
    })
    await refused(folder, 'adapter_invalid', /adapts lm_head, which lies outside of the model's blocks/)
  })

  test('its weights can only be read by running code', async () => {
    const folder = await copy()
    await rm(join(folder, 'adapter_model.safetensors'))
    await writeFile(join(folder, 'adapter_model.bin'), 'a pickle')
    await refused(folder, 'adapter_invalid', /adapter_model\.bin .* it is a pickle, which can run code/)
  })

  test("tensors without PEFT's names alone", async () => {
    const folder = await withTensors((tensors) => {
      tensors.clear()
      tensors.set('encoder.x', one)
    })
    await refused(folder, 'adapter_invalid', /its tensor encoder\.x does not have PEFT's name/)
  })

  test('one matrix of a pair is missing', async () => {
    for (const matrix of ['A', 'B'] as const)
      await refused(
        await withTensors((tensors) => tensors.delete(key(matrix))),
        'adapter_invalid',
        /SelfAttention\.q lacks one of its two matrices/,
      )
  })

  test('no matrices at all', async () => {
    const folder = await withTensors((tensors) => {
      tensors.clear()
    })
    await refused(folder, 'adapter_invalid', /it holds no LoRA matrices/)
  })

  test('a layer that the model lacks, and layers of another size', async () => {
    const without = <T>(all: ReadonlyMap<string, T>) =>
      new Map([...all].filter(([name]) => !name.startsWith(layer)))
    await refused(original, 'adapter_mismatch', /which this model does not have/, {
      linears: without(linears),
      parameters: without(architecture.parameters),
    })
    const wider = new Map([...linears].map(([path, [out, into]]) => [path, [out, into + 1] as const]))
    await refused(original, 'adapter_mismatch', /the layer is \[24, 33\]/, { linears: wider })
    const higher = new Map([...linears].map(([path, [out, into]]) => [path, [out + 1, into] as const]))
    await refused(original, 'adapter_mismatch', /the layer is \[25, 32\]/, { linears: higher })
  })

  test('matrices whose ranks differ, and of rank 0', async () => {
    const unlike = await withTensors((tensors) =>
      tensors.set(key('B'), { shape: [24, 5], data: new Float32Array(120) }),
    )
    await refused(unlike, 'adapter_mismatch', /are \[4, 32\] and \[24, 5\]/)
    const narrower = await withTensors((tensors) => {
      tensors.set(key('A'), { shape: [3, 32], data: new Float32Array(96) })
      tensors.set(key('B'), { shape: [24, 3], data: new Float32Array(72) })
    })
    await refused(narrower, 'adapter_invalid', /has rank 3, adapter_config.json says 4/)
    const none = await withTensors((tensors) => {
      tensors.set(key('A'), { shape: [0, 32], data: new Float32Array() })
      tensors.set(key('B'), { shape: [24, 0], data: new Float32Array() })
    })
    await refused(none, 'adapter_mismatch', /are \[0, 32\] and \[24, 0\]/)
  })

  test('a damaged file of tensors', async () => {
    const folder = await copy()
    await writeFile(join(folder, 'adapter_model.safetensors'), 'too short')
    await refused(folder, 'weights_invalid', /adapter_model\.safetensors/)
  })
})

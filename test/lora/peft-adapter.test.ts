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
import { loadAdapter, saveAdapter } from '../../trainer/lora/peft-adapter.ts'
import { parseSettings } from '../../trainer/protocol.ts'
import { saveResult } from '../../trainer/run/save-result.ts'
import { chooseTargets } from '../../trainer/lora/targets.ts'
import { golden, relativeError } from '../support/goldens.ts'
import { adapterNames, logitsOf, openT5Case } from '../support/t5-goldens.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const t5 = await openT5Case('t5-flan')
const { linears } = t5.model.architecture
const description = {
  baseModel: 'model',
  rank: 4,
  alpha: 8,
  dropout: 0,
  rankStabilized: false,
  targetModules: ['q', 'v'],
}

describe.each(adapterNames)('%s as PEFT wrote it', (name) => {
  const folder = join(t5.folder, name)

  test('gives the logits of PEFT', async () => {
    const { data } = golden(t5.goldens, `logits/${name}/main`)
    const run = { adapter: t5.adapters[name], fusedNorms: true, merged: true }
    expect(relativeError(await logitsOf(t5.model, t5.batch('main'), run), data)).toBeLessThan(1e-5)
  })

  test('saved again has the same names, shapes, values and configuration', async () => {
    const config = JSON.parse(await readFile(join(folder, 'adapter_config.json'), 'utf8')) as Record<
      string,
      unknown
    >
    const out = await temporaryFolder()
    await saveAdapter(out, t5.adapters[name].parameters, {
      ...description,
      rank: Number(config['r']),
      alpha: Number(config['lora_alpha']),
      targetModules: config['target_modules'] as string[],
    })
    const file = 'adapter_model.safetensors'
    expect(await readSafetensors(join(out, file))).toEqual(await readSafetensors(join(folder, file)))
    expect((await readSafetensorsHeader(join(out, file))).metadata).toEqual(
      (await readSafetensorsHeader(join(folder, file))).metadata,
    )
    const ours = JSON.parse(await readFile(join(out, 'adapter_config.json'), 'utf8')) as Record<
      string,
      unknown
    >
    // Every field of ours stands in PEFT's file with the same value; PEFT fills the others in with its defaults.
    expect(config).toMatchObject(ours)
    expect(Object.keys(ours)).toEqual(expect.arrayContaining(['peft_type', 'task_type', 'r', 'lora_alpha']))
    expect((await readdir(out)).sort()).toEqual(['adapter_config.json', file])
  })
})

describe('saving', () => {
  const targets = chooseTargets(linears, {
    rank: 3,
    alpha: 6,
    rankStabilized: true,
    targetModules: ['q', 'wo'],
    layersToTransform: null,
  })
  const parameters = initializeLora(targets, 1)

  test('loads again as it was, rank-stabilised scaling included', async () => {
    const folder = await temporaryFolder()
    await saveAdapter(folder, parameters, { ...description, rank: 3, alpha: 6, rankStabilized: true })
    const loaded = await loadAdapter(folder, linears)
    expect(new Map([...loaded.parameters].sort())).toEqual(new Map([...parameters].sort()))
    expect(loaded.targets.toSorted((a, b) => (a.path < b.path ? -1 : 1))).toEqual(
      targets.toSorted((a, b) => (a.path < b.path ? -1 : 1)),
    )
    expect(loaded.targets[0]?.scale).toBeCloseTo(6 / Math.sqrt(3), 12)
  })

  test('equal adapters give equal bytes, in whatever order they come', async () => {
    const [a, b] = [await temporaryFolder(), await temporaryFolder()]
    await saveAdapter(a, parameters, description)
    await saveAdapter(b, new Map([...parameters].reverse()), description)
    for (const name of await readdir(a))
      expect((await readFile(join(a, name))).equals(await readFile(join(b, name))), name).toBe(true)
  })

  test('where only some blocks are adapted every layer is named in full', async () => {
    const settings = parseSettings({ layersToTransform: [1], targetModules: ['q'], rank: 3, alpha: 6 })
    const some = chooseTargets(linears, settings)
    const runDir = await temporaryFolder()
    const folder = await saveResult(runDir, t5.model, {
      parameters: initializeLora(some, 1),
      targets: some,
      settings,
    })
    const config = JSON.parse(await readFile(join(folder, 'adapter_config.json'), 'utf8')) as {
      target_modules: string[]
    }
    expect(config.target_modules.sort()).toEqual(some.map(({ path }) => path).sort())
    expect((await loadAdapter(folder, linears)).targets).toHaveLength(3)
  })
})

describe('adapters that cannot be used', () => {
  const original = join(t5.folder, 'adapter-qv')
  const copy = async () => {
    const folder = await temporaryFolder()
    await cp(original, folder, { recursive: true })
    return folder
  }
  const withConfig = async (change: Readonly<Record<string, unknown>>) => {
    const folder = await copy()
    const path = join(folder, 'adapter_config.json')
    const config = JSON.parse(await readFile(path, 'utf8')) as object
    await writeFile(path, JSON.stringify({ ...config, ...change }))
    return folder
  }
  const withTensors = async (change: (tensors: Map<string, NamedTensor>) => void) => {
    const folder = await copy()
    const path = join(folder, 'adapter_model.safetensors')
    const tensors = await readSafetensors(path)
    change(tensors)
    await writeFile(path, encodeSafetensors(tensors))
    return folder
  }
  const refused = (folder: string, code: string, message: RegExp, of = linears) =>
    expect(loadAdapter(folder, of)).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message) as string,
    })
  const layer = 'encoder.block.0.layer.0.SelfAttention.q'
  const key = (matrix: 'A' | 'B', path = layer) => `base_model.model.${path}.lora_${matrix}.weight`

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
    [{ use_dora: true }, /it uses DoRA, which is not supported/],
    [{ bias: 'all' }, /it uses bias: all/],
    [{ modules_to_save: ['lm_head'] }, /it uses modules_to_save/],
    [{ rank_pattern: { q: 2 } }, /it uses rank_pattern/],
    [{ alpha_pattern: { q: 2 }, use_dora: true }, /it uses DoRA, alpha_pattern/],
  ])('the configuration says %j', async (change, message) => {
    await refused(await withConfig(change), 'adapter_invalid', message)
  })

  test('null and empty patterns are plain LoRA', async () => {
    const folder = await withConfig({ rank_pattern: null, alpha_pattern: {}, modules_to_save: [] })
    expect((await loadAdapter(folder, linears)).targets.length).toBeGreaterThan(0)
  })

  test('tensors with other names', async () => {
    const tensor = { shape: [1], data: Float32Array.of(1) }
    const foreign = await withTensors((tensors) => tensors.set('encoder.x', tensor))
    await refused(foreign, 'adapter_invalid', /its tensor encoder\.x does not have PEFT's name/)
    const other = await withTensors((tensors) => tensors.set('base_model.model.lm_head.weight', tensor))
    await refused(other, 'adapter_invalid', /it holds lm_head\.weight, which is no LoRA matrix/)
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
    const fewer = new Map([...linears].filter(([path]) => path !== layer))
    await refused(original, 'adapter_mismatch', /which this model does not have/, fewer)
    const wider = new Map([...linears].map(([path, [out, into]]) => [path, [out, into + 1] as const]))
    await refused(original, 'adapter_mismatch', /the layer is \[24, 33\]/, wider)
    const higher = new Map([...linears].map(([path, [out, into]]) => [path, [out + 1, into] as const]))
    await refused(original, 'adapter_mismatch', /the layer is \[25, 32\]/, higher)
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

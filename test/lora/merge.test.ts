import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { encodeValues } from '../../trainer/checkpoint/encode-values.ts'
import {
  encodeSafetensors,
  readSafetensors,
  readSafetensorsHeader,
} from '../../trainer/checkpoint/safetensors.ts'
import { saveAdapter } from '../../trainer/lora/save-adapter.ts'
import { chooseTrained } from '../../trainer/lora/trained.ts'
import { merge } from '../../trainer/merge.ts'
import { openModel } from '../../trainer/models/registry.ts'
import { parseSettings } from '../../trainer/protocol.ts'
import type { Report } from '../../trainer/protocol.ts'
import { golden, goldensFolder, relativeError } from '../support/goldens.ts'
import { encodeHalfSafetensors, rounded, toBfloat16, toFloat16 } from '../support/half-precision.ts'
import { adapterNames, logitsOf, openT5Case, t5Names } from '../support/t5-goldens.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const flan = await openT5Case('t5-flan')
const base = join(flan.folder, 'model')
const adapter = join(flan.folder, 'adapter-all-linear')

async function mergeInto(
  out: string,
  { model = base, adapterFolder = adapter, stop = new AbortController().signal } = {},
) {
  const reports: Report[] = []
  const result = await merge(
    { kind: 'merge', model, adapter: adapterFolder, out },
    { report: (report) => reports.push(report), stop, keep: new AbortController().signal },
  )
  return { result, reports }
}

const logitsOfFolder = async (folder: string) =>
  logitsOf(await openModel(folder), flan.batch('main'), { adapter: null, fusedNorms: true, merged: false })

describe.each(t5Names)('%s', (name) => {
  test.each(adapterNames)('merged with %s gives the logits of PEFT', async (adapterName) => {
    const { folder, goldens, batch } = await openT5Case(name)
    const out = join(await temporaryFolder(), 'merged')
    const { result } = await mergeInto(out, {
      model: join(folder, 'model'),
      adapterFolder: join(folder, adapterName),
    })
    const merged = await openModel(out)
    const logits = await logitsOf(merged, batch('main'), { adapter: null, fusedNorms: true, merged: false })
    expect(relativeError(logits, golden(goldens, `logits/${adapterName}/main`).data)).toBeLessThan(1e-5)
    const names = (path: string) =>
      readSafetensorsHeader(join(path, 'model.safetensors')).then(({ entries }) => [...entries.keys()].sort())
    expect(await names(out)).toEqual(await names(join(folder, 'model')))
    expect(result).toMatchObject({ out, tensors: (await names(out)).length })
  })
})

test('a rank-stabilised adapter is merged with its own scale', async () => {
  const folder = await temporaryFolder()
  const { parameters, targets } = flan.adapters['adapter-qv']
  const [rank = 0, alpha] = [targets[0]?.rank, 12]
  const { architecture } = flan.model
  const settings = parseSettings({ rank, alpha, rankStabilized: true, targetModules: ['q', 'v'] })
  const trained = chooseTrained(architecture, settings)
  const description = { baseModel: 'm', architecture, trained, settings }
  await saveAdapter(join(folder, 'adapter'), parameters, description)
  await mergeInto(join(folder, 'merged'), { adapterFolder: join(folder, 'adapter') })
  const scaled = targets.map((target) => ({ ...target, scale: alpha / Math.sqrt(rank) }))
  const expected = await logitsOf(flan.model, flan.batch('main'), {
    adapter: { targets: scaled, parameters, savedModules: [], notes: [] },
    fusedNorms: true,
    merged: false,
  })
  expect(relativeError(await logitsOfFolder(join(folder, 'merged')), expected)).toBeLessThan(1e-5)
})

test.each([
  ['F16', adapter],
  ['BF16', adapter],
  ['F16', join(goldensFolder, 'lora/saved')],
  ['BF16', join(goldensFolder, 'lora/saved')],
] as const)(
  '%s weights in shards keep their type, rounded to the nearest, with %s',
  async (dtype, adapterFolder) => {
    const folder = await temporaryFolder()
    const sharded = join(folder, 'base')
    await mkdir(sharded)
    await cp(join(base, 'config.json'), join(sharded, 'config.json'))
    await writeFile(join(sharded, 'generation_config.json'), '{"max_new_tokens":3}')
    await writeFile(join(sharded, 'pytorch_model.bin'), 'weights in another form')
    const weights = await readSafetensors(join(base, 'model.safetensors'))
    const parts = [...weights].map(([name, tensor], i) => ({
      name,
      tensor,
      shard: `part-${i % 2}.safetensors`,
    }))
    for (const shard of ['part-0.safetensors', 'part-1.safetensors']) {
      const tensors = parts.flatMap((part) =>
        part.shard === shard ? [[part.name, part.tensor] as const] : [],
      )
      await writeFile(join(sharded, shard), encodeHalfSafetensors(new Map(tensors), dtype))
    }
    const index = { weight_map: Object.fromEntries(parts.map(({ name, shard }) => [name, shard])) }
    await writeFile(join(sharded, 'model.safetensors.index.json'), JSON.stringify(index))

    const out = join(folder, 'merged')
    await mergeInto(out, { model: sharded, adapterFolder })
    expect((await readdir(out)).sort()).toEqual([
      'config.json',
      'generation_config.json',
      'model.safetensors',
    ])
    const { entries } = await readSafetensorsHeader(join(out, 'model.safetensors'))
    expect(new Set([...entries.values()].map((entry) => entry.dtype))).toEqual(new Set([dtype]))
    // What it must be: the halved base merged in float32, rounded once.
    const whole = join(folder, 'whole')
    await mkdir(whole)
    await cp(join(base, 'config.json'), join(whole, 'config.json'))
    await writeFile(join(whole, 'model.safetensors'), encodeSafetensors(rounded(weights, dtype)))
    await mergeInto(join(folder, 'wide'), { model: whole, adapterFolder })
    const wide = await readSafetensors(join(folder, 'wide/model.safetensors'))
    const merged = await readSafetensors(join(out, 'model.safetensors'))
    for (const [name, tensor] of rounded(wide, dtype)) expect(merged.get(name), name).toEqual(tensor)
    expect(
      [...wide].some(([name, { data }]) => data.some((value, i) => value !== merged.get(name)?.data[i])),
    ).toBe(true)
  },
)

test('16-bit types round to the nearest, ties to even, at the borders too', () => {
  const edges = [0, -0, 1, -1, 1 + 2 ** -11, 1 + 3 * 2 ** -11, 65504, 2 ** -14, 2 ** -24, 2 ** -25]
  const values = Float32Array.from([
    ...edges,
    2 ** -25 * 1.01,
    2 ** -14 - 2 ** -25,
    3 * 2 ** -25,
    0.1,
    -3.14159,
    1234.567,
    1e-5,
  ])
  const bits = (dtype: 'F16' | 'BF16') => [...new Uint16Array(encodeValues(dtype, values).buffer)]
  expect(bits('F16')).toEqual([...values].map(toFloat16))
  expect(bits('BF16')).toEqual([...values].map(toBfloat16))
  const special = encodeValues('F16', Float32Array.of(65519, 65520, 1e9, -Infinity, NaN))
  expect([...new Uint16Array(special.buffer)]).toEqual([0x7bff, 0x7c00, 0x7c00, 0xfc00, 0x7e00])
})

describe('leaves nothing behind', () => {
  test('where the folder exists already, and does not touch it', async () => {
    const folder = await temporaryFolder()
    await writeFile(join(folder, 'mine.txt'), 'mine')
    await expect(mergeInto(folder)).rejects.toMatchObject({ code: 'file_invalid' })
    expect(await readFile(join(folder, 'mine.txt'), 'utf8')).toBe('mine')
  })

  test('where the adapter was made for another model', async () => {
    const folder = await temporaryFolder()
    const other = (await openT5Case('t5-v1.0')).folder
    const made = mergeInto(join(folder, 'merged'), { adapterFolder: join(other, 'adapter-all-linear') })
    await expect(made).rejects.toMatchObject({ code: 'adapter_mismatch' })
    expect(await readdir(folder)).toEqual([])
  })

  test('when it is stopped half way', async () => {
    const folder = await temporaryFolder()
    const stopping = new AbortController()
    const made = merge(
      { kind: 'merge', model: base, adapter, out: join(folder, 'merged') },
      {
        report: (report) => {
          if (report.type === 'progress' && report.done === 5) stopping.abort()
        },
        stop: stopping.signal,
        keep: new AbortController().signal,
      },
    )
    await expect(made).rejects.toMatchObject({ code: 'cancelled' })
    expect(await readdir(folder)).toEqual([])
  })
})

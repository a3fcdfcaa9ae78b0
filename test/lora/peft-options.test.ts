import { cp, mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { readSafetensors } from '../../trainer/checkpoint/safetensors.ts'
import type { Adapter } from '../../trainer/lora/peft-adapter.ts'
import { merge } from '../../trainer/merge.ts'
import { openModel } from '../../trainer/models/registry.ts'
import { golden, readGoldens, relativeError } from '../support/goldens.ts'
import type { Golden } from '../support/goldens.ts'
import { loadCase, loraFolder, openLoraBase, outputsOf, trainingOf } from '../support/lora-goldens.ts'
import type { LoraBase } from '../support/lora-goldens.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const cases = {
  dora: 't5-flan',
  rslora: 't5-flan',
  patterns: 't5-flan',
  saved: 't5-flan',
  embeddings: 't5-v1.0',
  odd: 't5-v1.0',
  'gpt-neo-dora': 'gpt-neo',
  'gpt-neo-bias': 'gpt-neo',
  'bert-dora': 'bert',
} as const
type Case = keyof typeof cases
const names = Object.keys(cases) as Case[]

let goldens: ReadonlyMap<string, Golden>
const bases = new Map<string, LoraBase>()
const adapters = new Map<Case, Adapter>()
const baseOf = (name: Case): LoraBase => {
  const base = bases.get(cases[name])
  if (!base) throw new Error(`There is no base ${cases[name]}.`)
  return base
}
const adapterOf = (name: Case): Adapter => {
  const adapter = adapters.get(name)
  if (!adapter) throw new Error(`There is no adapter ${name}.`)
  return adapter
}
const expected = (name: Case, key: string) => golden(goldens, `${name}/${key}`)

beforeAll(async () => {
  goldens = await readGoldens(join(loraFolder, 'golden.safetensors'))
  for (const name of new Set(Object.values(cases))) bases.set(name, await openLoraBase(name))
  for (const name of names) adapters.set(name, await loadCase(baseOf(name), name))
})

describe.each(names)('%s, as PEFT computes it', (name) => {
  test.each([true, false])('the loss and every gradient, fused norms: %s', async (fusedNorms) => {
    const { loss, gradients } = await trainingOf(baseOf(name), adapterOf(name), { fusedNorms })
    const exact = expected(name, 'loss').data[0] ?? NaN
    expect(Math.abs(loss - exact) / exact).toBeLessThan(1e-6)
    const prefix = `${name}/grad/`
    const wanted = [...goldens.keys()].filter((key) => key.startsWith(prefix))
    expect([...gradients.keys()].map((key) => prefix + key).sort()).toEqual(wanted.sort())
    for (const [key, gradient] of gradients) {
      const { data } = golden(goldens, prefix + key)
      // A bias before a softmax over places has none.
      if (data.every((value) => Math.abs(value) < 1e-7))
        expect(Math.max(...gradient.map(Math.abs)), key).toBeLessThan(1e-6)
      else expect(relativeError(gradient, data), key).toBeLessThan(2e-5)
    }
  })

  test('the outputs in answering, and again after another adapter', async () => {
    const base = baseOf(name)
    const [, tuned, , again] = await outputsOf(base, [null, adapterOf(name), null, adapterOf(name)])
    expectOutputs(tuned, name)
    expect(again).toEqual(tuned)
  })

  test('the outputs of the merged model', async () => {
    const base = baseOf(name)
    const out = join(await temporaryFolder(), 'merged')
    await merge(
      { kind: 'merge', model: base.folder, adapter: join(loraFolder, name), out },
      { report: () => undefined, stop: new AbortController().signal, keep: new AbortController().signal },
    )
    const [merged] = await outputsOf({ ...base, model: await openModel(out) }, [null])
    expectOutputs(merged, name)
  })
})

test('one loaded graph serves adapters of every kind in turn as each is alone', async () => {
  const served: readonly Case[] = ['dora', 'patterns', 'saved', 'rslora']
  const base = baseOf('dora')
  const order = [null, ...served.map(adapterOf), null, ...served.map(adapterOf).reverse()]
  const together = await outputsOf(base, order)
  const [plain] = await outputsOf(base, [null])
  for (const [i, adapter] of order.entries()) {
    const name = served.find((one) => adapters.get(one) === adapter)
    if (name) expectOutputs(together[i], name)
    else expect(relativeError(together[i]?.['logits'] ?? [], plain?.['logits'] ?? [])).toBeLessThan(1e-6)
  }
})

test('a head that the adapter keeps replaces every copy of it in the merged files', async () => {
  const { folder } = baseOf('embeddings')
  const base = join(await temporaryFolder(), 'base')
  await mkdir(base)
  await cp(folder, base, { recursive: true })
  const out = join(await temporaryFolder(), 'merged')
  await merge(
    { kind: 'merge', model: base, adapter: join(loraFolder, 'embeddings'), out },
    { report: () => undefined, stop: new AbortController().signal, keep: new AbortController().signal },
  )
  const merged = await readSafetensors(join(out, 'model.safetensors'))
  const own = adapterOf('embeddings').parameters.get('shared.weight')
  expect(merged.get('shared.weight')).toEqual(own)
  expect([...merged.keys()].sort()).toEqual(
    [...(await readSafetensors(join(folder, 'model.safetensors'))).keys()].sort(),
  )
})

test('what PEFT wrote is read without notes', async () => {
  for (const name of names) expect(adapterOf(name).notes, name).toEqual([])
  const config = JSON.parse(await readFile(join(loraFolder, 'odd/adapter_config.json'), 'utf8')) as object
  expect(config).toMatchObject({ target_modules: expect.any(String) as string, use_rslora: true })
  expect(adapterOf('odd').targets.map(({ path }) => path)).not.toContain(
    'decoder.block.0.layer.0.SelfAttention.v',
  )
})

function expectOutputs(outputs: Readonly<Record<string, Float32Array>> | undefined, name: Case): void {
  const { model, batch } = baseOf(name)
  if (model.architecture.kind === 'extractive') {
    const mask = batch.feeds['attentionMask']?.data ?? []
    for (const [key, output] of [
      ['start', 'startLogits'],
      ['end', 'endLogits'],
    ] as const) {
      const real = outputs?.[output]?.map((value, i) => (mask[i] === 1 ? value : 0)) ?? []
      expect(relativeError(real, expected(name, key).data), key).toBeLessThan(1e-5)
    }
    return
  }
  const { data, shape } = expected(name, 'logits')
  const logits = outputs?.['logits'] ?? new Float32Array()
  // The last token belongs to no row.
  if (model.architecture.kind === 'seq2seq')
    expect(relativeError(logits.subarray(0, data.length), data)).toBeLessThan(1e-5)
  else expectLabelled(logits, { data, shape }, baseOf(name))
}

/** Compares the outputs that predict labels: here texts are packed into rows, the golden has one text a row. */
function expectLabelled(logits: Float32Array, { data, shape }: Golden, { batch, labelled }: LoraBase): void {
  const [, length = 0, width = 0] = shape
  const rowOf = (all: Float32Array, row: number) => [...all.subarray(row * width, (row + 1) * width)]
  const ours = [...(batch.feeds['labelRows']?.data ?? [])].flatMap((row) => rowOf(logits, Number(row)))
  const theirs = labelled.flatMap(([row, place]) => rowOf(data, row * length + place))
  expect(ours.length).toBeGreaterThan(0)
  expect(relativeError(ours, theirs)).toBeLessThan(1e-5)
}

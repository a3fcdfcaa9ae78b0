import { cp, mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { encodeSafetensors, readSafetensors } from '../../trainer/checkpoint/safetensors.ts'
import { seededRandom } from '../../trainer/data/random.ts'
import { kindOf } from '../../trainer/kinds/kinds.ts'
import { initializeLora } from '../../trainer/lora/initialize.ts'
import { chooseTrained } from '../../trainer/lora/trained.ts'
import { holdWeights } from '../../trainer/models/held-weights.ts'
import { openModel } from '../../trainer/models/registry.ts'
import type { Model } from '../../trainer/models/registry.ts'
import { providerCases } from '../../trainer/provider-cases.ts'
import { distanceOn, halfGradientTolerance } from '../../trainer/provider-check.ts'
import { parseSettings } from '../../trainer/settings.ts'
import { buildTrainingGraph, openTrainingSession } from '../../trainer/training-session.ts'
import { flanT5Small, writeRandomT5 } from '../support/random-model.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

// What a GPU computes in float16 the CPU computes in float32 or rounds to float16: the graph is tried here, not a GPU.

const never = new AbortController().signal

const cosine = (a: readonly number[], b: readonly number[]) => {
  const dot = (x: readonly number[], y: readonly number[]) =>
    x.reduce((sum, value, i) => sum + value * (y[i] ?? NaN), 0)
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b))
}

async function step(model: Model, lossScale: number) {
  const trained = chooseTrained(model.architecture, parseSettings({ rank: 4 }))
  const graph = buildTrainingGraph(model, {
    trained,
    labelSmoothing: 0,
    dropout: 0,
    loraDropout: 0,
    fusedNorms: false,
    withGradients: true,
  })
  const largest = { batch: 1, source: 1, target: 1 }
  const session = await openTrainingSession(model, graph, { threads: 1, provider: 'cpu', seed: 1, largest })
  const random = seededRandom('half test', 'adapter')
  const parameters = initializeLora(trained.targets, 1)
  for (const [name, { data }] of parameters)
    if (name.includes('lora_B')) data.forEach((_, i) => (data[i] = (random() - 0.5) * 0.1))
  const ids = (length: number) => Array.from({ length }, (_, i) => 3 + ((i * 37) % 90))
  const items = [40, 25].map((length) => ({ sourceIds: ids(length), targetIds: ids(6), exampleIndex: 0 }))
  try {
    const batch = kindOf(model.architecture).collate(items)
    const { loss, gradients } = await session.gradients(parameters, batch, { lossScale, step: 0 })
    return { loss, gradient: [...gradients.values()].flatMap((values) => [...values]) }
  } finally {
    await session.dispose()
  }
}

describe('weights in float16', () => {
  let folder: string
  let model: Model
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'loracle-half-'))
    const config = { d_model: 32, d_kv: 8, d_ff: 48, num_heads: 4, num_layers: 2, num_decoder_layers: 1 }
    await writeRandomT5(folder, { ...flanT5Small, ...config, vocab_size: 100 }, { seed: 3 })
    model = await openModel(folder)
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  const held = async <T>(stored: Model, work: (half: Model) => Promise<T>): Promise<T> => {
    const home = await temporaryFolder()
    const weights = await holdWeights(stored, { precision: 'float16', folder: home, signal: never })
    const size = (path: string) => stat(path).then((info) => info.size)
    expect(await size(join(home, 'base-float16.safetensors'))).toBeLessThan(
      0.6 * (await size(join(stored.folder, 'model.safetensors'))),
    )
    try {
      return await work({ ...stored, frozen: weights.frozen })
    } finally {
      await weights.dispose()
    }
  }

  test('give the gradients of float32, also where these are tiny', async () => {
    const lossScale = 1e-9
    const exact = await step(model, lossScale)
    const half = await held(model, (other) => step(other, lossScale))
    expect(Math.abs(half.loss - exact.loss) / exact.loss).toBeLessThan(2e-3)
    expect(cosine(half.gradient, exact.gradient)).toBeGreaterThan(0.9999)
    expect(cosine(half.gradient, exact.gradient)).toBeLessThan(1)
  })

  test('hold where feed-forward layers give more than float16 can', async () => {
    const large = await temporaryFolder()
    const all = await readSafetensors(join(folder, 'model.safetensors'))
    for (const [name, { data }] of all)
      if (name.endsWith('.wo.weight')) data.forEach((value, i) => (data[i] = value * 2e4))
    await cp(join(folder, 'config.json'), join(large, 'config.json'))
    await writeFile(join(large, 'model.safetensors'), encodeSafetensors(all))
    const outsized = await openModel(large)
    const exact = await step(outsized, 1)
    const half = await held(outsized, (other) => step(other, 1))
    expect(cosine(half.gradient, exact.gradient)).toBeGreaterThan(0.999)
  })

  test('that do not fit are an error', async () => {
    const outside = await temporaryFolder()
    const all = await readSafetensors(join(folder, 'model.safetensors'))
    all.get('shared.weight')?.data.fill(1e5, 7, 8)
    await cp(join(folder, 'config.json'), join(outside, 'config.json'))
    await writeFile(join(outside, 'model.safetensors'), encodeSafetensors(all))
    const thrown = holdWeights(await openModel(outside), {
      precision: 'float16',
      folder: null,
      signal: never,
    })
    await expect(thrown).rejects.toMatchObject({
      code: 'weights_invalid',
      details: { name: 'shared.weight' },
    })
  })

  test('pass the check that doctor makes of a provider', async () => {
    for (const one of providerCases)
      if (one.half) expect(await distanceOn('cpu', one)).toBeLessThan(halfGradientTolerance)
  })
})

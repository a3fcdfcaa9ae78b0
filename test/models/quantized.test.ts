import { existsSync } from 'node:fs'
import { appendFile, cp, mkdtemp, readdir, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { differentiate } from '../../trainer/autodiff/differentiate.ts'
import { encodeValues } from '../../trainer/checkpoint/encode-values.ts'
import { encodeSafetensors, readSafetensors } from '../../trainer/checkpoint/safetensors.ts'
import { writeSafetensors } from '../../trainer/checkpoint/safetensors-writer.ts'
import { seededRandom } from '../../trainer/data/random.ts'
import { toErrorValue } from '../../trainer/errors.ts'
import { multipliesBytesExactly } from '../../trainer/exact-bytes.ts'
import { lower } from '../../trainer/graph/lower.ts'
import { encodeOnnxModel } from '../../trainer/graph/onnx-model.ts'
import { onnxOperators } from '../../trainer/graph/onnx-operators.ts'
import { gather, gemm, mul, reduceSum } from '../../trainer/graph/ops.ts'
import { input } from '../../trainer/graph/tensor.ts'
import type { Tensor } from '../../trainer/graph/tensor.ts'
import { kindOf } from '../../trainer/kinds/kinds.ts'
import { initializeLora } from '../../trainer/lora/initialize.ts'
import { chooseTrained } from '../../trainer/lora/trained.ts'
import { holdWeights } from '../../trainer/models/held-weights.ts'
import { blockSizes, quantizeRows, quantizeValues } from '../../trainer/models/quantize.ts'
import { openQuantizedWeights } from '../../trainer/models/quantized-parameters.ts'
import { writeQuantizedWeights } from '../../trainer/models/quantized-weights.ts'
import { openModel } from '../../trainer/models/registry.ts'
import type { Model } from '../../trainer/models/registry.ts'
import { openWeights } from '../../trainer/models/weights.ts'
import { openSession } from '../../trainer/session.ts'
import type { Value } from '../../trainer/session.ts'
import { parseSettings } from '../../trainer/settings.ts'
import { buildTrainingGraph, openTrainingSession } from '../../trainer/training-session.ts'
import { flanT5Small, writeRandomT5 } from '../support/random-model.ts'
import { floats, integerValues } from '../support/run-graph.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const never = new AbortController().signal
const allBits = [8, 4] as const
const [out, into] = [96, 128]

const draws = (count: number, key: string) => {
  const random = seededRandom('quantized test', key)
  return Float32Array.from({ length: count }, () => random() + random() + random() - 1.5)
}

/** The values that blocks stand for; with a width, those of 8 bits have one scale a row, as layers have. */
function widened(values: Float32Array, bits: 8 | 4, width?: number): Float32Array {
  const byRow = bits === 8 && width !== undefined
  const { packed, scales } = byRow ? quantizeRows(values, width) : quantizeValues(values, bits)
  const [block, zero] = [blockSizes[bits], 2 ** (bits - 1)]
  return Float32Array.from(values, (_, i) => {
    const byte = packed[Math.floor((i * bits) / 8)] ?? 0
    const q = bits === 8 ? byte : i % 2 === 0 ? byte & 15 : byte >> 4
    return (q - zero) * (scales[Math.floor(i / block)] ?? 0)
  })
}

const distance = (actual: ArrayLike<number>, expected: ArrayLike<number>) => {
  let [error, square] = [0, 0]
  for (let i = 0; i < expected.length; i++) {
    error += ((actual[i] ?? NaN) - (expected[i] ?? 0)) ** 2
    square += (expected[i] ?? 0) ** 2
  }
  return Math.sqrt(error / square)
}

describe('rounding', () => {
  test('8 bits are never off by more than half a step, and keep the largest value of a block', () => {
    const values = draws(64 * 20, 'eight')
    const rounded = widened(values, 8)
    const { scales } = quantizeValues(values, 8)
    for (const [i, value] of values.entries())
      expect(Math.abs(value - (rounded[i] ?? NaN))).toBeLessThan(0.501 * (scales[Math.floor(i / 64)] ?? 0))
    const largest = Math.max(...values.subarray(0, 64).map(Math.abs))
    expect(Math.max(...rounded.subarray(0, 64).map(Math.abs))).toBeCloseTo(largest, 6)
  })

  test('rows of 8 bits have one scale, in every block', () => {
    const values = draws(3 * 128, 'rows')
    const { packed, scales } = quantizeRows(values, 128)
    for (const row of [0, 1, 2]) {
      const own = values.subarray(row * 128, (row + 1) * 128)
      const scale = Math.fround(Math.max(...own.map(Math.abs)) / 127)
      expect([...scales.subarray(2 * row, 2 * row + 2)]).toEqual([scale, scale])
      for (const [i, value] of own.entries())
        expect(Math.abs(value - scale * ((packed[row * 128 + i] ?? NaN) - 128))).toBeLessThan(0.501 * scale)
    }
    expect(() => quantizeRows(values, 96)).toThrow('do not fill rows')
    expect(() => quantizeRows(values.subarray(1), 128)).toThrow('do not fill rows')
  })

  test('4 bits lie nearer than with the largest value as -8', () => {
    const values = draws(32 * 200, 'four')
    const plain = Float32Array.from(values, (value, i) => {
      const block = values.subarray(32 * Math.floor(i / 32), 32 * Math.floor(i / 32) + 32)
      const largest = block.reduce((a, b) => (Math.abs(b) > Math.abs(a) ? b : a))
      const scale = largest / -8
      return scale * Math.max(-8, Math.min(7, Math.round(value / scale)))
    })
    expect(distance(widened(values, 4), values)).toBeLessThan(0.97 * distance(plain, values))
    expect(distance(widened(values, 4), values)).toBeLessThan(0.09)
  })

  test.each(allBits)('in %i bits zeros stay zeros, and what is no number shows', (bits) => {
    expect(widened(new Float32Array(64), bits)).toEqual(new Float32Array(64))
    const broken = draws(64, 'broken')
    broken[40] = NaN
    expect(Number.isNaN(widened(broken, bits)[41])).toBe(true)
    broken[40] = Infinity
    expect(Number.isFinite(widened(broken, bits)[41])).toBe(false)
    expect(() => quantizeValues(new Float32Array(48 - bits), bits)).toThrow('do not fill blocks')
  })
})

/** A folder with one matrix `[out, into]` as `layer.weight` and as `table.weight`. */
async function oneMatrix(bits: 8 | 4) {
  const folder = await temporaryFolder()
  const data = draws(out * into, 'matrix')
  const table = draws(1024 * 64, 'table')
  const tensors = new Map([
    ['layer.weight', { shape: [out, into], data }],
    ['table.weight', { shape: [1024, 64], data: table }],
    ['layer.bias', { shape: [out], data: draws(out, 'bias') }],
  ])
  await writeFile(join(folder, 'model.safetensors'), encodeSafetensors(tensors))
  const architecture = {
    parameters: new Map([...tensors].map(([name, { shape }]) => [name, shape])),
    linears: new Map([['layer', [out, into] as const]]),
  }
  const path = join(folder, 'few-bits.safetensors')
  await writeQuantizedWeights(
    path,
    { weights: await openWeights(folder), architecture },
    { bits, signal: never },
  )
  const opened = await openQuantizedWeights(path)
  const parameters = opened.parameters((name) => {
    throw new Error(`There is no ${name}.`)
  })
  const run = async (outputs: Readonly<Record<string, Tensor>>, feeds: Readonly<Record<string, Value>>) => {
    const session = await openSession(encodeOnnxModel(lower(outputs, onnxOperators)), {
      weightsFolder: opened.folder,
      purpose: 'training',
      threads: 1,
      provider: 'cpu',
    })
    try {
      return await session.run(feeds)
    } finally {
      await session.dispose()
    }
  }
  return { data, table, parameters, run, bias: tensors.get('layer.bias')?.data ?? new Float32Array() }
}

describe.each(allBits)('a matrix in %i bits', (bits) => {
  test('multiplies as what it stands for, and so does its gradient', async () => {
    const { data, parameters, run, bias } = await oneMatrix(bits)
    const x = input('x', 'float32', ['rows', into])
    const weights = input('weights', 'float32', ['rows', out])
    const y = gemm(x, parameters('layer.weight'), { transB: true, plus: parameters('layer.bias') })
    const [dx] = differentiate(reduceSum(mul(y, weights), [0, 1], false), [x])
    const rows = 5
    const [xs, gs] = [draws(rows * into, 'x'), draws(rows * out, 'g')]
    const results = await run(
      { y, dx: dx ?? x },
      { x: floats(xs, [rows, into]), weights: floats(gs, [rows, out]) },
    )
    const w = widened(data, bits, into)
    const product = new Float32Array(rows * out).map((_, at) => {
      const [row, column] = [Math.floor(at / out), at % out]
      let sum = bias[column] ?? 0
      for (let k = 0; k < into; k++) sum += (xs[row * into + k] ?? 0) * (w[column * into + k] ?? 0)
      return sum
    })
    const gradient = new Float32Array(rows * into).map((_, at) => {
      const [row, k] = [Math.floor(at / into), at % into]
      let sum = 0
      for (let column = 0; column < out; column++)
        sum += (gs[row * out + column] ?? 0) * (w[column * into + k] ?? 0)
      return sum
    })
    // In blocks the forward pass may round x to 8 bits as well; the gradient is exact.
    expect(distance(results['y']?.data as Float32Array, product)).toBeLessThan(0.01)
    expect(distance(results['dx']?.data as Float32Array, gradient)).toBeLessThan(1e-6)
  })

  test('in other products, and as a table, is what it stands for', async () => {
    const { data, table, parameters, run } = await oneMatrix(bits)
    const ids = input('ids', 'int64', ['n', 2])
    const matrix = parameters('layer.weight')
    const feeds = { ids: integerValues([3, 1023, 0, 512], [2, 2]) }
    const results = await run(
      { rows: gather(parameters('table.weight'), ids), whole: gather(matrix, ids) },
      {
        ids: integerValues([3, 95, 0, 51], [2, 2]),
      },
    )
    const rounded = widened(data, bits, into)
    const expected = [3, 95, 0, 51].flatMap((row) => [...rounded.subarray(row * into, (row + 1) * into)])
    expect(results['whole']?.shape).toEqual([2, 2, into])
    expect(distance(results['whole']?.data as Float32Array, expected)).toBeLessThan(1e-6)
    const { rows } = await run({ rows: gather(parameters('table.weight'), ids) }, feeds)
    // Tables are held in 8 bits, whatever the layers have.
    const wide = widened(table, 8)
    const taken = [3, 1023, 0, 512].flatMap((row) => [...wide.subarray(row * 64, (row + 1) * 64)])
    expect(distance(rows?.data as Float32Array, taken)).toBeLessThan(1e-6)
  })
})

describe('a model', () => {
  let folder: string
  let model: Model
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'loracle-quantized-'))
    const config = { d_model: 64, d_kv: 32, d_ff: 128, num_heads: 2, num_layers: 2, num_decoder_layers: 1 }
    await writeRandomT5(join(folder, 'model'), { ...flanT5Small, ...config, vocab_size: 2048 }, { seed: 3 })
    model = await openModel(join(folder, 'model'))
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  const step = async (held: Model) => {
    const trained = chooseTrained(model.architecture, parseSettings({ rank: 4 }))
    const graph = buildTrainingGraph(
      { ...held, frozen: { ...held.frozen, narrow: true } },
      { trained, labelSmoothing: 0, dropout: 0, loraDropout: 0, fusedNorms: true, withGradients: true },
    )
    const session = await openTrainingSession(held, graph, {
      threads: 1,
      provider: 'cpu',
      seed: 1,
      largest: { batch: 1, source: 1, target: 1 },
    })
    const parameters = initializeLora(trained.targets, 1)
    for (const [name, { data }] of parameters)
      if (name.includes('lora_B')) data.set(draws(data.length, name).map((value) => 0.1 * value))
    const ids = (row: number, length: number) =>
      Array.from({ length }, (_, i) => 3 + ((i * 37 + row * 11) % 2000))
    const items = [40, 25].map((length, row) => ({
      sourceIds: ids(row, length),
      targetIds: ids(row, 6),
      exampleIndex: row,
    }))
    const batch = kindOf(model.architecture).collate(items)
    try {
      const { loss, gradients } = await session.gradients(parameters, batch, { lossScale: 0.1, step: 0 })
      return { loss, gradient: [...gradients.values()].flatMap((values) => [...values]) }
    } finally {
      await session.dispose()
    }
  }

  test.each([
    { precision: 'int8', exactBytes: false, near: 0.05, far: 0.15 },
    { precision: 'int8', exactBytes: true, near: 0.1, far: 0.2 },
    { precision: 'int4', exactBytes: false, near: 0.02, far: 0.9 },
  ] as const)(
    'in $precision has the gradients of the weights that it stands for (exact bytes: $exactBytes)',
    async ({ precision, exactBytes, near, far }) => {
      if (exactBytes && !(await multipliesBytesExactly())) return
      const { frozen, dispose } = await holdWeights(model, {
        precision,
        exactBytes,
        folder: null,
        signal: never,
      })
      try {
        const rounded = await step({ ...model, frozen })
        const stored = await step(model)
        const same = await step(await standingFor(precision === 'int8' ? 8 : 4))
        // What is left is that both passes, or one, round what they multiply too.
        expect(Math.abs(rounded.loss - same.loss) / same.loss).toBeLessThan(0.002)
        expect(distance(rounded.gradient, same.gradient)).toBeLessThan(near)
        expect(distance(rounded.gradient, stored.gradient)).toBeLessThan(far)
        expect(distance(same.gradient, stored.gradient)).toBeGreaterThan(0.02)
      } finally {
        await dispose()
      }
    },
  )

  /** The model with its matrices rounded and written as float32 again. */
  async function standingFor(bits: 8 | 4): Promise<Model> {
    const wide = await temporaryFolder()
    const all = await readSafetensors(join(folder, 'model/model.safetensors'))
    for (const [name, { shape, data }] of all)
      if (model.architecture.linears.has(name.replace(/\.weight$/, '')))
        data.set(widened(data, bits, shape[1] ?? 0))
      else if (shape.length === 2 && data.length >= 1 << 16) data.set(widened(data, 8))
    await cp(join(folder, 'model/config.json'), join(wide, 'config.json'))
    await writeFile(join(wide, 'model.safetensors'), encodeSafetensors(all))
    return openModel(wide)
  }

  test('is rounded into a file that is used again, made anew for other weights, and removed', async () => {
    const home = await temporaryFolder()
    const options = { precision: 'int8', folder: home, signal: never } as const
    const path = join(home, 'base-int8.safetensors')
    const first = await holdWeights(model, options)
    const { mtimeMs, size } = await stat(path)
    // 8.5 bits a value instead of 32.
    expect(size).toBeLessThan(0.3 * (await stat(join(folder, 'model/model.safetensors'))).size)
    const second = await holdWeights(model, options)
    expect((await stat(path)).mtimeMs).toBe(mtimeMs)
    const later = new Date(Date.now() + 5000)
    await utimes(join(folder, 'model/model.safetensors'), later, later)
    await holdWeights(model, options)
    expect((await stat(path)).mtimeMs).toBeGreaterThan(mtimeMs)
    await appendFile(path, 'what is no tensor')
    await holdWeights(model, options)
    await expect(openQuantizedWeights(path)).resolves.toMatchObject({ folder: home })
    await first.dispose()
    await second.dispose()
    expect(await readdir(home)).toEqual([])
  })

  test('of 16 bits is rounded from them', async () => {
    const half = await temporaryFolder()
    const all = await readSafetensors(join(folder, 'model/model.safetensors'))
    const tensors = [...all].map(([name, { shape, data }]) => ({
      name,
      dtype: name.includes('decoder') ? ('F16' as const) : ('BF16' as const),
      shape,
      length: 2 * data.length,
      read: () => Promise.resolve(encodeValues(name.includes('decoder') ? 'F16' : 'BF16', data)),
    }))
    await cp(join(folder, 'model/config.json'), join(half, 'config.json'))
    await writeSafetensors(join(half, 'model.safetensors'), tensors, {})
    const { frozen, dispose } = await holdWeights(await openModel(half), {
      precision: 'int8',
      folder: null,
      signal: never,
    })
    try {
      expect(
        distance((await step({ ...model, frozen })).gradient, (await step(model)).gradient),
      ).toBeLessThan(0.15)
    } finally {
      await dispose()
    }
  })

  test('leaves nothing behind where rounding was stopped, or the disk is full', async () => {
    const home = await temporaryFolder()
    const stopped = AbortSignal.abort()
    const thrown = holdWeights(model, { precision: 'int4', folder: home, signal: stopped })
    await expect(thrown).rejects.toMatchObject({ code: 'cancelled' })
    expect(await readdir(home)).toEqual([])
    if (!existsSync('/dev/full')) return
    // The file that is written first leads to a device that is always full.
    await symlink('/dev/full', join(home, `base-int4.safetensors.${process.pid}.tmp`))
    const full: unknown = await holdWeights(model, {
      precision: 'int4',
      folder: home,
      signal: never,
    }).catch((thrown: unknown) => thrown)
    expect(toErrorValue(full).code).toBe('disk_full')
    expect(await readdir(home)).toEqual([])
  })

  test('with a file that lacks a matrix’ scales says so', async () => {
    const home = await temporaryFolder()
    const path = join(home, 'base.safetensors')
    const block = {
      name: 'layer.weight',
      dtype: 'U8' as const,
      shape: [1, 1, 64],
      length: 64,
      read: () => Promise.resolve(new Uint8Array(64)),
    }
    await writeSafetensors(path, [block], {})
    await expect(openQuantizedWeights(path)).rejects.toMatchObject({ code: 'weights_invalid' })
  })
})

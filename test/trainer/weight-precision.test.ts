import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { chooseTrained } from '../../trainer/lora/trained.ts'
import { gptNeo } from '../../trainer/models/gpt-neo.ts'
import { parseGptNeoConfig } from '../../trainer/models/gpt-neo-config.ts'
import { quantizedMatrix } from '../../trainer/graph/quantized-matrix.ts'
import { weight } from '../../trainer/graph/tensor.ts'
import type { DataType } from '../../trainer/graph/tensor.ts'
import { estimateMemoryMb } from '../../trainer/run/memory-estimate.ts'
import { publishedShapes } from '../bench/write-random-model.ts'
import { ask } from '../../trainer/ask.ts'
import { evaluate } from '../../trainer/evaluate.ts'
import { parseSettings } from '../../trainer/protocol.ts'
import type { Settings } from '../../trainer/protocol.ts'
import { flanT5Small, writeRandomT5 } from '../support/random-model.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import {
  adapterBytes,
  interruptedAt,
  runTiny,
  tinyCommand,
  tinySettings,
  writeTinyRun,
} from '../support/tiny-run.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'loracle-precision-'))
  await writeTinyRun(folder)
  // Wide enough for blocks of 64 values.
  const config = { d_model: 64, d_kv: 32, d_ff: 64, num_heads: 2, num_layers: 1, num_decoder_layers: 1 }
  const tokenizer = join(import.meta.dirname, '../data/fixtures/tokenizer')
  await rm(join(folder, 'model'), { recursive: true })
  await writeRandomT5(
    join(folder, 'model'),
    { ...flanT5Small, ...config, vocab_size: 200 },
    { seed: 5, tokenizer },
  )
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const context = {
  report: () => undefined,
  stop: new AbortController().signal,
  keep: new AbortController().signal,
}

test.each(['int8', 'int4'] as const)(
  'a run in %s learns, goes on after a crash with the same bytes, and leaves no rounded weights',
  async (weightPrecision) => {
    const settings: Partial<Settings> = { weightPrecision, epochs: 2, saveEvery: 5 }
    const runDir = await temporaryFolder()
    const { result, reports } = await runTiny(tinyCommand(folder, runDir, { settings }))
    const losses = reports.flatMap((report) => (report.type === 'validation' ? [report.loss] : []))
    expect(losses.at(-1)).toBeLessThan(losses[0] ?? 0)
    expect(result.stopped).toBe('finished')
    expect((await readdir(runDir)).filter((name) => name.startsWith('base-'))).toEqual([])

    const copy = await temporaryFolder()
    await interruptedAt(runDir, join(runDir, 'checkpoints/step-00000010.safetensors'), copy)
    // What a crash while rounding leaves.
    await writeFile(join(copy, `base-${weightPrecision}.safetensors`), 'cut')
    await runTiny(tinyCommand(folder, copy, { settings, resume: true }))
    expect(await adapterBytes(copy)).toEqual(await adapterBytes(runDir))
  },
)

test('a GPT-Neo 1.3B in fewer bits is estimated to take less memory', () => {
  const architecture = gptNeo(parseGptNeoConfig(publishedShapes['gpt-neo-1.3b'], 'config.json', new Set()))
  const sizes = [...architecture.parameters.values()].map((shape) => shape.reduce((a, b) => a * b, 1))
  const settings = parseSettings({ dropout: 0 })
  const placed = (name: string, dtype: DataType, shape: readonly number[], length: number) =>
    weight(name, dtype, shape, { file: name, offset: 0, length })
  const stored = (name: string) => {
    const shape = architecture.parameters.get(name) ?? []
    return placed(name, 'float32', shape, 4 * shape.reduce((a, b) => a * b, 1))
  }
  const inBytes = (name: string) => {
    const [out = 0, into] = architecture.parameters.get(name) ?? []
    if (into === undefined || name.includes('wpe')) return stored(name)
    const block = 32
    const count = (out * into) / block
    const blocks = placed(name, 'uint8', [out, into / block, block], out * into)
    const scales = placed(`${name}.scales`, 'float32', [count], 4 * count)
    const zeroPoints = placed('zero points', 'uint8', [out, into / block, 1], count)
    const perBlock = placed(`${name}.scales`, 'float32', [out, into / block, 1], 4 * count)
    return quantizedMatrix({
      ...{ out, into, bits: 8, block, blocks, scales, rows: null },
      widening: { values: blocks, scales: perBlock, zeroPoints },
    })
  }
  const estimated = (weightPrecision: 'stored' | 'int8') =>
    estimateMemoryMb({
      model: {
        architecture,
        frozen: {
          folder: '',
          parameters: weightPrecision === 'stored' ? stored : inBytes,
          narrow: weightPrecision === 'int8',
        },
      },
      parameterCount: sizes.reduce((a, b) => a + b, 0),
      trained: chooseTrained(architecture, settings),
      largest: { batch: 1, source: 224, target: 32, together: 256 },
      validates: false,
      answers: false,
      settings: { ...settings, weightPrecision },
    })
  expect(estimated('stored')).toBeGreaterThan(6000)
  expect(estimated('int8')).toBeLessThan(0.6 * estimated('stored'))
})

test('asking and scoring take it too, and leave nothing behind', async () => {
  const before = (await readdir(tmpdir())).filter((name) => name.startsWith('loracle-weights-'))
  const settings = parseSettings({ ...tinySettings, weightPrecision: 'int8' })
  const model = join(folder, 'model')
  const asked = await ask(
    { kind: 'ask', model, adapter: null, question: 'Which is short?', context: 'The one.', settings },
    context,
  )
  expect(asked.score).toBeLessThan(0)
  const data = join(folder, 'validation.json')
  const losses = []
  for (const weightPrecision of ['stored', 'int8', 'int4'] as const) {
    const command = { kind: 'evaluate', model, adapter: null, data } as const
    losses.push((await evaluate({ ...command, settings: { ...settings, weightPrecision } }, context)).loss)
  }
  const [stored = NaN, int8 = NaN, int4 = NaN] = losses
  expect(int8).not.toBe(stored)
  expect(Math.abs(int8 - stored)).toBeLessThan(0.05)
  expect(Math.abs(int4 - stored)).toBeLessThan(0.5)
  const after = (await readdir(tmpdir())).filter((name) => name.startsWith('loracle-weights-'))
  expect(after.filter((name) => !before.includes(name))).toEqual([])
})

test.each([
  { method: 'full', weightPrecision: 'int8' },
  { provider: 'webgpu', weightPrecision: 'int4' },
] as const)('%o do not go together', async (settings) => {
  const runDir = await temporaryFolder()
  const asked = {
    kind: 'ask',
    model: join(folder, 'model'),
    adapter: null,
    question: 'q',
    context: 'c',
  } as const
  const thrown =
    'method' in settings
      ? runTiny(tinyCommand(folder, runDir, { settings }))
      : ask({ ...asked, settings: parseSettings(settings) }, context)
  await expect(thrown).rejects.toMatchObject({ code: 'setting_invalid' })
})

import { cp, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import {
  encodeSafetensors,
  readSafetensors,
  readSafetensorsHeader,
} from '../../trainer/checkpoint/safetensors.ts'
import { loadTokenizer } from '../../trainer/data/tokenizer.ts'
import { exportOnnx } from '../../trainer/export/export-onnx.ts'
import { neededBy } from '../../trainer/generate/answering-graph.ts'
import { openAnsweringSession, requireGenerative } from '../../trainer/generate/answering-session.ts'
import { loadAdapter } from '../../trainer/lora/peft-adapter.ts'
import { openModel } from '../../trainer/models/registry.ts'
import type { Model } from '../../trainer/models/registry.ts'
import type { ExportOnnxCommand, Report } from '../../trainer/protocol.ts'
import {
  causalSteps,
  emptyPast,
  floatsOf,
  idTensor,
  mergedSteps,
  openExported,
  separateSteps,
} from '../support/exported-model.ts'
import type { ExportedModels, NextToken } from '../support/exported-model.ts'
import { goldensFolder } from '../support/goldens.ts'
import { Message } from '../support/protobuf-reader.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const bytePairs = join(import.meta.dirname, '../goldens/byte-pairs')
const here = { threads: 1, provider: 'cpu', fusedNorms: true } as const
const prompt = [5, 17, 3, 44, 61, 8, 90, 23, 12, 70, 31]

async function exported(
  name: string,
  change: Partial<ExportOnnxCommand> = {},
  onReport: (report: Report, stop: () => void) => void = () => undefined,
) {
  const folder = await temporaryFolder()
  const stopping = new AbortController()
  const model = join(goldensFolder, name, 'model')
  const out = change.out ?? join(folder, 'deep', 'export')
  const command = { kind: 'export-onnx', model, adapter: null, dtype: 'F32', ...change, out } as const
  const result = await exportOnnx(command, {
    report: (report) => {
      onReport(report, () => {
        stopping.abort()
      })
    },
    stop: stopping.signal,
    keep: new AbortController().signal,
  }).catch((thrown: unknown) => thrown)
  return { folder, out, result }
}

const made = new Map<string, Promise<string>>()
let shared = ''

beforeAll(async () => {
  shared = await mkdtemp(join(tmpdir(), 'loracle-test-'))
})
afterAll(() => rm(shared, { recursive: true, force: true }))

/** An export that several tests read, made once. */
function exportOf(name: string, adapterName: string | null = null, dtype: 'F32' | 'F16' = 'F32') {
  const key = [name, adapterName, dtype].join(' ')
  const known = made.get(key)
  if (known) return known
  const adapter = adapterName && join(goldensFolder, name, adapterName)
  const out = exported(name, { out: join(shared, key), adapter, dtype }).then((one) => one.out)
  made.set(key, out)
  return out
}

async function openAll(out: string): Promise<ExportedModels> {
  const models = await openExported(out)
  onTestFinished(() => models.dispose())
  return models
}

/** Our own scores of the next token, the first call for the prompt. */
async function ownSteps(model: Model, adapterFolder: string | null): Promise<NextToken> {
  const adapter = adapterFolder === null ? null : await loadAdapter(adapterFolder, model.architecture)
  const session = requireGenerative(await openAnsweringSession(model, { ...neededBy([adapter]), ...here }))
  onTestFinished(() => session.dispose())
  const decoder = await session.start([prompt], { adapter, beams: 1 })
  return async (ids) => (await decoder.step([ids.at(-1) ?? 0])).slice()
}

/** The largest difference of scores while the same tokens are chosen, as the first one's scores say. */
async function compareSteps(ours: NextToken, theirs: NextToken, first: readonly number[]): Promise<number> {
  let worst = 0
  let ids = first
  for (let i = 0; i < 8; i++) {
    const [a, b] = [await ours(ids), await theirs(ids)]
    worst = Math.max(worst, largestDifference(a, b))
    ids = [a.indexOf(Math.max(...a))]
    expect(b.indexOf(Math.max(...b))).toBe(ids[0])
  }
  return worst
}

function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length)
  return Array.from(a).reduce((worst, value, i) => Math.max(worst, Math.abs(value - (b[i] ?? NaN))), 0)
}

describe('an export answers as the app does', () => {
  for (const name of ['t5-flan', 't5-v1.0'])
    for (const adapterName of [null, 'adapter-all-linear'])
      test(`${name}, ${adapterName ?? 'no adapter'}: both ways of decoding`, async () => {
        const adapter = adapterName && join(goldensFolder, name, adapterName)
        const models = await openAll(await exportOf(name, adapterName))
        expect(models.names).toEqual([
          'decoder_model',
          'decoder_model_merged',
          'decoder_with_past_model',
          'encoder_model',
        ])
        const model = await openModel(join(goldensFolder, name, 'model'))
        for (const steps of [mergedSteps, separateSteps]) {
          const own = await ownSteps(model, adapter)
          expect(await compareSteps(own, await steps(models, prompt), [0])).toBeLessThan(1e-4)
        }
      })

  for (const adapterName of [null, 'adapter-all-linear'])
    test(`gpt-neo, ${adapterName ?? 'no adapter'}`, async () => {
      const adapter = adapterName && join(goldensFolder, 'gpt-neo', adapterName)
      const models = await openAll(await exportOf('gpt-neo', adapterName))
      const own = await ownSteps(await openModel(join(goldensFolder, 'gpt-neo/model')), adapter)
      expect(await compareSteps(own, causalSteps(models), prompt)).toBeLessThan(1e-4)
    })

  for (const name of ['bert', 'distilbert'])
    for (const adapterName of [null, 'adapter-all-linear'])
      test(`${name}, ${adapterName ?? 'no adapter'}`, async () => {
        const adapterFolder = adapterName && join(goldensFolder, name, adapterName)
        const models = await openAll(await exportOf(name, adapterName))
        const model = await openModel(join(goldensFolder, name, 'model'))
        const adapter = adapterFolder === null ? null : await loadAdapter(adapterFolder, model.architecture)
        const session = await openAnsweringSession(model, { ...neededBy([adapter]), ...here })
        onTestFinished(() => session.dispose())
        if (session.kind !== 'extractive') throw new Error('A span model was expected.')
        const [own] = await session.mark([{ sourceIds: prompt, contextStart: 4 }], adapter)
        const results = await models.run('model', {
          input_ids: idTensor([prompt]),
          attention_mask: idTensor([prompt.map(() => 1)]),
          token_type_ids: idTensor([prompt.map((_, i) => (i < 4 ? 0 : 1))]),
        })
        expect(largestDifference(own?.start ?? [], floatsOf(results, 'start_logits'))).toBeLessThan(1e-4)
        expect(largestDifference(own?.end ?? [], floatsOf(results, 'end_logits'))).toBeLessThan(1e-4)
      })
})

test('a row gives the same beside another one, padding on its left', async () => {
  const models = await openAll(await exportOf('gpt-neo'))
  const alone = await causalSteps(models)(prompt)
  const other = [...prompt, 1, 2]
  const together = await models.run('model', {
    ...emptyPast(models, 'model', 2),
    input_ids: idTensor([[95, 95, ...prompt], other]),
    attention_mask: idTensor([[0, 0, ...prompt.map(() => 1)], other.map(() => 1)]),
    position_ids: idTensor([[1, 1, ...prompt.keys()], [...other.keys()]]),
  })
  const end = other.length * alone.length
  const row = floatsOf(together, 'logits').slice(end - alone.length, end)
  expect(largestDifference(alone, row)).toBeLessThan(1e-4)
})

describe('the file of weights', () => {
  for (const name of ['t5-flan', 't5-v1.0', 'gpt-neo', 'bert'])
    test(`of ${name} holds every parameter once, and every model takes its weights there`, async () => {
      const out = await exportOf(name)
      const { architecture } = await openModel(join(goldensFolder, name, 'model'))
      const header = await readSafetensorsHeader(join(out, 'onnx/model.onnx_data'))
      expect([...header.entries.keys()].toSorted()).toEqual([...architecture.parameters.keys()].toSorted())
      const used = new Set<string>()
      for (const file of await readdir(join(out, 'onnx'))) {
        if (!file.endsWith('.onnx')) continue
        const bytes = await readFile(join(out, 'onnx', file))
        const initializers = new Message(bytes).message(7).messages(5)
        for (const tensor of initializers) {
          const place = Object.fromEntries(tensor.messages(13).map((entry) => [entry.text(1), entry.text(2)]))
          if (Object.keys(place).length === 0) continue
          used.add(tensor.text(8))
          const entry = header.entries.get(tensor.text(8))
          expect(place).toEqual({
            location: 'model.onnx_data',
            offset: String(entry?.offset),
            length: String(entry?.length),
          })
        }
        const baked = initializers.reduce((sum, tensor) => sum + tensor.bytes(9).byteLength, 0)
        expect(baked).toBeLessThan(10_000)
      }
      expect([...used].toSorted()).toEqual([...header.entries.keys()].toSorted())
    })

  test('is half as large in F16, and answers nearly the same', async () => {
    const [full, half] = [await exportOf('t5-flan'), await exportOf('t5-flan', null, 'F16')]
    const bytesOf = async (out: string) => (await readFile(join(out, 'onnx/model.onnx_data'))).byteLength
    const header = await readSafetensorsHeader(join(half, 'onnx/model.onnx_data'))
    expect(new Set([...header.entries.values()].map(({ dtype }) => dtype))).toEqual(new Set(['F16']))
    expect(await bytesOf(half)).toBeLessThan(0.53 * (await bytesOf(full)))
    const steps = [await openAll(full), await openAll(half)].map((models) => mergedSteps(models, prompt))
    const [a, b] = [await (await steps[0])?.([0]), await (await steps[1])?.([0])]
    const difference = largestDifference(a ?? [], b ?? [1])
    expect(difference).toBeGreaterThan(0)
    expect(difference).toBeLessThan(0.05)
  })
})

describe('the folder', () => {
  test('says what others need, and keeps numbers as they were written', async () => {
    const model = join(await temporaryFolder(), 'model')
    await cp(join(goldensFolder, 't5-flan/model'), model, { recursive: true })
    const text = await readFile(join(model, 'config.json'), 'utf8')
    const poorer = text
      .replace('"num_decoder_layers": 2', '"num_decoder_layers": null')
      .replace('  "is_encoder_decoder": true,\n', '')
    expect(poorer.length).toBeLessThan(text.length - 20)
    await writeFile(join(model, 'config.json'), poorer)
    const { out, result } = await exported('t5-flan', { model })
    expect(result).toMatchObject({ kind: 'export-onnx', out })
    const written = await readFile(join(out, 'config.json'), 'utf8')
    expect(JSON.parse(written)).toMatchObject({
      is_encoder_decoder: true,
      num_decoder_layers: 2,
      'transformers.js_config': { dtype: 'fp32' },
    })
    expect(written).toContain('"initializer_factor": 1.0,')
    expect(JSON.parse(await readFile(join(out, 'generation_config.json'), 'utf8'))).toEqual({
      decoder_start_token_id: 0,
      pad_token_id: 0,
      eos_token_id: 1,
    })
    expect(await readFile(join(out, 'README.md'), 'utf8')).toContain('ORTModelForSeq2SeqLM')
  })

  test('has a tokenizer.json also where the model has older vocabulary files', async () => {
    const model = join(await temporaryFolder(), 'model')
    await cp(join(goldensFolder, 'gpt-neo/model'), model, { recursive: true })
    await cp(bytePairs, model, { recursive: true })
    const { out } = await exported('gpt-neo', { model })
    const description = JSON.parse(await readFile(join(out, 'tokenizer.json'), 'utf8')) as {
      readonly added_tokens: readonly unknown[]
    }
    expect(description.added_tokens).toEqual([
      {
        id: 511,
        content: '<|endoftext|>',
        special: true,
        normalized: false,
        single_word: false,
        lstrip: false,
        rstrip: false,
      },
    ])
    const alone = join(await temporaryFolder(), 'tokenizer')
    await mkdir(alone)
    for (const name of ['tokenizer.json', 'tokenizer_config.json'])
      await cp(join(out, name), join(alone, name))
    const [own, theirs] = [await loadTokenizer(model), await loadTokenizer(alone)]
    const text = 'The lighthouse of Vell: it’s 41 metres high!<|endoftext|>\n\tÄpfel'
    expect(theirs.encode(text)).toEqual(own.encode(text))
    expect(theirs.eosTokenId).toBe(own.eosTokenId)
  })

  test('is told of file by file', async () => {
    const reports: Report[] = []
    const { out, result } = await exported('distilbert', {}, (report) => reports.push(report))
    const names = [
      'README.md',
      'config.json',
      'onnx/model.onnx',
      'onnx/model.onnx_data',
      'tokenizer_config.json',
    ]
    const files = await Promise.all(
      names.map(async (name) => ({ name, bytes: (await readFile(join(out, name))).byteLength })),
    )
    const bytes = files.reduce((sum, file) => sum + file.bytes, 0)
    expect(result).toMatchObject({ type: 'result', kind: 'export-onnx', out, files, bytes })
    const progress = reports.flatMap((report) => (report.type === 'progress' ? [report] : []))
    expect(progress.at(-1)?.done).toBe(progress.at(-1)?.total)
  })

  test('is not there where the export was stopped, at any moment of it', async () => {
    const adapter = join(goldensFolder, 't5-flan/adapter-qv')
    for (const share of [0, 0.4, 0.7, 1]) {
      const { folder, result } = await exported('t5-flan', { adapter }, (report, stop) => {
        if (report.type === 'progress' && report.done >= share * report.total) stop()
      })
      expect(result).toMatchObject({ code: 'cancelled' })
      expect(await readdir(join(folder, 'deep'))).toEqual([])
    }
  })

  test('is not written over another one', async () => {
    const taken = join(await temporaryFolder(), 'taken')
    await writeFile(taken, 'mine')
    expect((await exported('bert', { out: taken })).result).toMatchObject({ code: 'file_invalid' })
    expect(await readFile(taken, 'utf8')).toBe('mine')
  })

  test('is not made of a model whose head was never trained', async () => {
    const model = join(await temporaryFolder(), 'model')
    await cp(join(goldensFolder, 'bert/model'), model, { recursive: true })
    const path = join(model, 'model.safetensors')
    const tensors = await readSafetensors(path)
    for (const name of ['qa_outputs.weight', 'qa_outputs.bias']) expect(tensors.delete(name)).toBe(true)
    await writeFile(path, encodeSafetensors(tensors))
    const { folder, result } = await exported('bert', { model })
    expect(result).toMatchObject({ code: 'weights_missing' })
    expect(String(result)).toContain('qa_outputs.weight')
    expect(await readdir(join(folder, 'deep'))).toEqual([])
  })
})

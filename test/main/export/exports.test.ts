import { existsSync } from 'node:fs'
import { mkdir, readFile, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { ExportKind } from '../../../main/contract/comparisons.ts'
import type { EventOf } from '../../../main/contract/methods.ts'
import { createEvaluations } from '../../../main/evaluations/evaluations.ts'
import { copyBytes } from '../../../main/export/copy-tree.ts'
import { exportFailure } from '../../../main/store/export-failure.ts'
import { createExports } from '../../../main/export/exports.ts'
import { fileName, requireRoom } from '../../../main/store/new-place.ts'
import { createChanges } from '../../../main/store/changes.ts'
import { readTrainedRun } from '../../../main/store/trained-run.ts'
import { createAnswering } from '../../../main/trainers/answering.ts'
import { forkTrainer } from '../../../main/trainers/trainer-process.ts'
import { readSafetensors } from '../../../trainer/checkpoint/safetensors.ts'
import { loadAdapter } from '../../../trainer/lora/peft-adapter.ts'
import { openModel } from '../../../trainer/models/registry.ts'
import type { Settings } from '../../../trainer/protocol.ts'
import { comparison, seedRun, temporaryStore } from '../../support/stored-run.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'
import { runTiny, tinyCommand, tinySettings, writeTinyRun } from '../../support/tiny-run.ts'

const workerPath = join(import.meta.dirname, '../../../trainer/worker.ts')
const comparisons = [
  comparison({ id: '10', tunedRight: true }),
  comparison({ id: '9', tuned: '', gold: [] }),
  comparison({ id: '__proto__', tuned: 'a "b"\n' }),
  comparison({ id: '10', set: 'other', tuned: 'second' }),
]

type ExportEvent = EventOf<'exports.create'>

/** A project named to be awkward, with a trained run, and its exports over real trainer processes. */
async function exportsOfRun(settings: Partial<Settings> = {}) {
  const store = await temporaryStore()
  const folder = await temporaryFolder()
  await writeTinyRun(folder)
  const runDir = join(folder, 'run')
  const { result } = await runTiny(
    tinyCommand(folder, runDir, { settings: { epochs: 1, evaluateEvery: 0, ...settings } }),
  )
  const modelFolder = join(folder, 'model')
  const { projectId } = await seedRun(store, {
    name: 'First: <b>run</b>',
    projectName: '../Leaflets / 2026 ',
    modelFolder,
    outcome: result.adapter,
    comparisons,
    settings: { ...tinySettings, ...settings },
  })
  await store.run('UPDATE run SET folder = ?', runDir)
  const runOf = (runId: string) => readTrainedRun(store, runId)
  const startTrainer = () => forkTrainer(workerPath)
  const answering = createAnswering({ startTrainer })
  onTestFinished(() => answering.dispose())
  const evaluations = createEvaluations({ store, answering, runOf, modelOf: () => Promise.resolve(null) })
  const changes = createChanges()
  const published: string[] = []
  changes.subscribe(({ topic }) => published.push(topic))
  const exports = createExports({
    store,
    changes,
    home: store.home,
    startTrainer,
    runOf,
    projectName: async (id) =>
      (await store.get<{ name: string }>('SELECT name FROM project WHERE id = ?', id))?.name ?? null,
    summaryOf: evaluations.summaryOf,
  })
  const events: ExportEvent[] = []
  const call = { emit: () => undefined, signal: new AbortController().signal }
  const create = (
    kind: ExportKind,
    into: string | null = null,
    { signal, emit }: { signal: AbortSignal; emit: (event: ExportEvent) => void } = {
      signal: call.signal,
      emit: (event) => events.push(event),
    },
  ) => exports['exports.create']({ runId: 'run-1', kind, folder: into }, { emit, signal })
  return { store, exports, create, events, published, call, projectId, modelFolder, result, folder }
}

describe('an export', () => {
  test('of the adapter is PEFT’s folder with a model card', async () => {
    const { create, store, events, published, modelFolder, result } = await exportsOfRun()
    const info = await create('adapter')
    expect(info).toMatchObject({ kind: 'adapter', runId: 'run-1', there: true, singleFile: false })
    expect(info.path).toBe(join(store.home, 'exports', 'Leaflets - 2026', 'First-b-run-b-adapter'))
    expect(info.files).toEqual(['README.md', 'adapter_config.json', 'adapter_model.safetensors'])
    const model = await openModel(modelFolder)
    expect(await loadAdapter(info.path, model.architecture)).toEqual(
      await loadAdapter(result.adapter, model.architecture),
    )
    const card = await readFile(join(info.path, 'README.md'), 'utf8')
    expect(card).toMatch(/^---\nbase_model: "Tiny T5"\nlibrary_name: peft\n/)
    expect(card).toContain('PeftModel.from_pretrained')
    expect(card).toContain('First: &lt;b&gt;run&lt;/b&gt;')
    expect(card).toMatch(/\| Exact match \| 0\.0 .* \| 25\.0 \(.* \| \+25\.0 .*, within noise \|/)
    expect(card).toContain('| `rank` | **2** | 16 |')
    const sizes = await Promise.all(
      info.files.map(async (name) => (await readFile(join(info.path, name))).length),
    )
    expect(info.bytes).toBe(sizes.reduce((a, b) => a + b))
    expect(events.at(-1)?.done).toBe(events.at(-1)?.total)
    expect(published).toEqual(['exports'])
  })

  test('of the merged model is a model folder with other weights than the base', async () => {
    const { create, events, modelFolder } = await exportsOfRun()
    const info = await create('merged')
    expect(info.files).toEqual(
      ['README.md', 'config.json', 'model.safetensors', 'tokenizer.json', 'tokenizer_config.json'].toSorted(),
    )
    const [merged, base] = await Promise.all([openModel(info.path), openModel(modelFolder)])
    expect([...merged.weights.entries.keys()].toSorted()).toEqual([...base.weights.entries.keys()].toSorted())
    const bytes = (folder: string) => readFile(join(folder, 'model.safetensors'))
    expect((await bytes(info.path)).equals(await bytes(modelFolder))).toBe(false)
    expect(events.map(({ phase }) => phase)).toContain('saving')
    expect(await readFile(join(info.path, 'README.md'), 'utf8')).toContain('library_name: transformers')
  })

  test('of the ONNX model is a folder that Optimum and Transformers.js load, with the run’s card', async () => {
    const { create, events, modelFolder } = await exportsOfRun()
    const info = await create('onnx')
    expect(info).toMatchObject({ kind: 'onnx', singleFile: false, there: true })
    expect(info.files).toEqual([
      'README.md',
      'config.json',
      'generation_config.json',
      'onnx/decoder_model.onnx',
      'onnx/decoder_model_merged.onnx',
      'onnx/decoder_with_past_model.onnx',
      'onnx/encoder_model.onnx',
      'onnx/model.onnx_data',
      'tokenizer.json',
      'tokenizer_config.json',
    ])
    const parameters = (await openModel(modelFolder)).architecture.parameters
    const written = await readSafetensors(join(info.path, 'onnx/model.onnx_data'))
    const base = await readSafetensors(join(modelFolder, 'model.safetensors'))
    expect([...written.keys()].toSorted()).toEqual([...parameters.keys()].toSorted())
    const query = 'encoder.block.0.layer.0.SelfAttention.q.weight'
    expect(written.get(query)?.data).not.toEqual(base.get(query)?.data)
    expect(written.get('shared.weight')?.data).toEqual(base.get('shared.weight')?.data)
    const card = await readFile(join(info.path, 'README.md'), 'utf8')
    expect(card).toMatch(/^---\nbase_model: "Tiny T5"\nlibrary_name: transformers\.js\n/)
    expect(card).toContain('ORTModelForSeq2SeqLM.from_pretrained')
    expect(card).not.toContain('AutoModelForSeq2SeqLM')
    expect(card).toContain('| `rank` | **2** | 16 |')
    expect(events.map(({ phase }) => phase)).toContain('saving')
  })

  test('of a run that trained every weight copies its model, and has no adapter', async () => {
    const { create, result } = await exportsOfRun({ method: 'full' })
    const info = await create('merged')
    const bytes = (folder: string) => readFile(join(folder, 'model.safetensors'))
    expect((await bytes(info.path)).equals(await bytes(result.adapter))).toBe(true)
    const onnx = await create('onnx')
    const weights = await readSafetensors(join(onnx.path, 'onnx/model.onnx_data'))
    const trained = await readSafetensors(join(result.adapter, 'model.safetensors'))
    expect(weights.get('shared.weight')).toEqual(trained.get('shared.weight'))
    await expect(create('adapter')).rejects.toMatchObject({ code: 'run_state' })
  })

  test('of predictions is the file that the official scorer reads', async () => {
    const { create, exports, store } = await exportsOfRun()
    const info = await create('predictions')
    expect(info).toMatchObject({ singleFile: true, files: ['First-b-run-b-predictions.json'] })
    const text = await readFile(info.path, 'utf8')
    expect(JSON.parse(text)).toEqual(JSON.parse('{ "10": "it", "9": "", "__proto__": "a \\"b\\"\\n" }'))
    expect(text.indexOf('"10"')).toBeLessThan(text.indexOf('"9"'))
    expect(await exports.fileOf(info.id)).toEqual({
      path: info.path,
      name: 'First-b-run-b-predictions.json',
      bytes: text.length,
      type: 'application/json',
    })
    await store.run('DELETE FROM comparison')
    await expect(create('predictions')).rejects.toMatchObject({ code: 'run_state' })
  })

  test('of the report is one file; a second one gets a number', async () => {
    const { create, exports, call, projectId } = await exportsOfRun()
    const [first, second] = [await create('report'), await create('report')]
    expect(second.path).toBe(first.path.replace('.html', '-2.html'))
    const text = await readFile(first.path, 'utf8')
    expect(text).toMatch(/^<!doctype html>/i)
    expect(text).toContain('First: &lt;b&gt;run&lt;/b&gt;')
    expect((await exports['exports.list']({ projectId }, call)).map(({ id }) => id)).toEqual([
      second.id,
      first.id,
    ])
  })

  test('goes into the folder that is named, several at once under names of their own', async () => {
    const { create, folder } = await exportsOfRun()
    const into = join(folder, 'to', 'here')
    const infos = await Promise.all([1, 2, 3].map(() => create('predictions', into)))
    expect((await readdir(into)).toSorted()).toEqual(infos.map(({ files }) => files[0]).toSorted())
    expect(new Set(infos.map(({ path }) => path)).size).toBe(3)
  })
})

describe('an export that fails', () => {
  const left = async (folder: string) => (existsSync(folder) ? readdir(folder, { recursive: true }) : [])

  test.each([
    ['merged', 'preparing'],
    ['merged', 'saving'],
    ['onnx', 'saving'],
    ['adapter', 'preparing'],
    ['adapter', 'copying'],
  ] as const)('by being cancelled leaves nothing (%s while %s)', async (kind, phase) => {
    const { create, store } = await exportsOfRun()
    const cancelling = new AbortController()
    const emit = (event: ExportEvent) => {
      if (event.phase === phase) cancelling.abort()
    }
    const created = create(kind, null, { signal: cancelling.signal, emit })
    await expect(created).rejects.toMatchObject({ code: 'cancelled' })
    expect(cancelling.signal.aborted).toBe(true)
    expect(await left(join(store.home, 'exports', 'Leaflets - 2026'))).toEqual([])
    expect(await store.all('SELECT id FROM export')).toEqual([])
  })

  test('for want of the run’s files says which', async () => {
    const { create, store, result, modelFolder } = await exportsOfRun()
    await rm(join(modelFolder, 'model.safetensors'))
    await expect(create('merged')).rejects.toMatchObject({ code: expect.stringMatching(/missing/) as string })
    await rm(result.adapter, { recursive: true })
    await expect(create('adapter')).rejects.toMatchObject({ code: 'file_missing' })
    expect(await left(join(store.home, 'exports'))).toEqual([])
  })

  test('because a file is in the way, or the run is not there or not finished', async () => {
    const { create, exports, store, folder, call } = await exportsOfRun()
    await writeFile(join(folder, 'file'), '')
    await expect(create('adapter', join(folder, 'file'))).rejects.toMatchObject({ code: 'export_failed' })
    await expect(create('report', join(folder, 'file', 'in'))).rejects.toMatchObject({
      code: 'export_failed',
    })
    await store.run('UPDATE run SET outcome = NULL')
    await expect(create('adapter')).rejects.toMatchObject({ code: 'run_state' })
    const gone = exports['exports.create']({ runId: 'gone', kind: 'report', folder: null }, call)
    await expect(gone).rejects.toMatchObject({ code: 'run_missing' })
  })

  // The system's own device that is always full.
  test.skipIf(!existsSync('/dev/full'))('on a full disk says so', async () => {
    const source = join(await temporaryFolder(), 'source')
    await writeFile(source, 'some bytes')
    const signal = new AbortController().signal
    const copied = copyBytes(source, '/dev/full', { signal, onBytes: () => undefined })
    const thrown: unknown = await copied.catch((error: unknown) => error)
    expect(exportFailure(thrown, '/some/where')).toMatchObject({ code: 'disk_full' })
    await expect(requireRoom('/dev', 1e18)).rejects.toMatchObject({ code: 'disk_full' })
  })

  test.each([
    ['EACCES', 'write_failed'],
    ['EROFS', 'write_failed'],
    ['ENAMETOOLONG', 'export_failed'],
    ['EIO', 'export_failed'],
  ])('by %s has the code %s', (errno, code) => {
    const thrown = Object.assign(new Error('no'), { code: errno, path: '/some/where/x' })
    expect(exportFailure(thrown, '/some/where')).toMatchObject({ code })
  })
})

describe('the list of exports', () => {
  test('removes what lies in the home folder, and forgets the rest', async () => {
    const { create, exports, call, projectId, folder, store } = await exportsOfRun()
    const list = async () => (await exports['exports.list']({ projectId }, call)).map(({ there }) => there)
    const inHome = await create('adapter')
    const outside = await create('report', join(folder, 'mine'))
    await mkdir(join(folder, 'elsewhere'))
    await writeFile(join(folder, 'elsewhere', 'precious'), '')
    await symlink(join(folder, 'elsewhere'), join(store.home, 'exports', 'link'))
    const linked = await create('predictions', join(store.home, 'exports', 'link'))
    for (const { id } of [inHome, outside, linked]) await exports['exports.remove']({ exportId: id }, call)
    expect(await list()).toEqual([])
    expect([inHome, outside, linked].map(({ path }) => existsSync(path))).toEqual([false, true, true])
    expect(existsSync(join(store.home, 'exports', 'Leaflets - 2026'))).toBe(false)
    const again = exports['exports.remove']({ exportId: inHome.id }, call)
    await expect(again).rejects.toMatchObject({ code: 'export_missing' })
  })

  test('tells what was moved since, and hands out single files alone', async () => {
    const { create, exports, call, projectId } = await exportsOfRun()
    const adapter = await create('adapter')
    const report = await create('report')
    await rm(report.path)
    const list = await exports['exports.list']({ projectId }, call)
    expect(list.map(({ there }) => there)).toEqual([false, true])
    await expect(exports.fileOf(report.id)).rejects.toMatchObject({ code: 'export_missing' })
    await expect(exports.fileOf(adapter.id)).rejects.toMatchObject({ code: 'export_missing' })
  })

  test('what an export left that the end of the app cut off is gone after the next', async () => {
    const { create, store } = await exportsOfRun()
    const folder = join(store.home, 'exports', 'Leaflets - 2026')
    await mkdir(join(folder, '.loracle-abc'), { recursive: true })
    await writeFile(join(folder, '.loracle-abc', 'export'), 'half')
    await create('predictions')
    expect(await readdir(folder)).toEqual(['First-b-run-b-predictions.json'])
  })
})

test.each([
  ['../../etc/passwd', 'etc-passwd'],
  ['..', 'x'],
  ['  A: b?  ', 'A- b'],
  ['con', 'x con'],
  ['NUL.txt', 'x NUL.txt'],
  ['com¹', 'x com¹'],
  ['Aux .txt', 'x Aux .txt'],
  ['\u202egnp.exe\u2066', 'gnp.exe'],
  ['Größe 😀 測試', 'Größe - 測試'],
  ['a'.repeat(99), 'a'.repeat(60)],
  ['', 'x'],
])('the name %o becomes %o', (name, file) => {
  expect(fileName(name, 'x')).toBe(file)
})

import { join } from 'node:path'
import { readdir } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { presetsFor } from '../../../main/runs/presets.ts'
import { judgeReadiness } from '../../../main/runs/readiness.ts'
import { parseSettings } from '../../../trainer/protocol.ts'
import { isAlive } from '../spawn-cli.ts'
import { endless, openRunsApp, quiet, tiny } from './runs-app.ts'

test('what is missing is said, each with the step to go to', async () => {
  const app = await openRunsApp()
  const ask = (modelId: string | null, settings: Readonly<Record<string, unknown>> = tiny) =>
    app.runs['runs.readiness']({ projectId: 'p1', modelId, settings }, quiet())
  const ready = await ask('tiny')
  expect(ready).toMatchObject({
    ready: true,
    problems: [],
    examples: { train: 19, validation: 5, test: 5 },
    batchSize: 2,
    steps: 15,
    epochs: 3,
    time: null,
    memory: { verdict: 'fits' },
  })
  expect(ready.warnings).toEqual([expect.stringContaining('only 19 training examples')])
  expect((await ask(null)).problems).toEqual([{ message: expect.any(String) as string, step: 'model' }])
  expect((await ask('tiny', { rank: 0 })).problems).toMatchObject([
    { step: 'train', message: expect.stringContaining('rank') as string },
  ])
  await app.store.run(`DELETE FROM example WHERE split = 'train'`)
  expect((await ask('tiny')).problems).toMatchObject([
    { step: 'data', message: expect.stringContaining('held out') as string },
  ])
  await expect(app.start()).rejects.toMatchObject({ code: 'run_not_ready' })
  await app.store.run('DELETE FROM example')
  expect((await ask('tiny')).problems).toMatchObject([
    { step: 'data', message: expect.stringContaining('Import a dataset') as string },
  ])
  await expect(
    app.runs['runs.readiness']({ projectId: 'none', modelId: null, settings: {} }, quiet()),
  ).rejects.toMatchObject({ code: 'project_missing' })
  await expect(app.start({ batchsize: 3 })).rejects.toMatchObject({ code: 'setting_unknown' })
})

test('a model that marks answers is told from tasks: none but tasks is a reason against it, some are left out', () => {
  const model = {
    id: 'bert',
    name: 'BERT',
    folder: '/models/bert',
    origin: 'folder',
    architecture: 'bert',
    kind: 'extractive',
    parameters: 1e8,
    bytes: 4e8,
    licence: null,
    maxLength: 512,
    trainingMemoryMb: 2000,
    usable: true,
    reason: null,
  } as const
  const judge = (tasks: number, kind: 'extractive' | 'causal' = 'extractive') =>
    judgeReadiness({
      data: {
        name: 'Project',
        modelId: 'bert',
        counts: { train: 30, validation: 5, test: 5 },
        longestWords: 50,
        longestAnswerWords: 3,
        tasks,
        passages: 0,
      },
      model: { ...model, kind },
      settings: {},
      memory: { freeMb: 8000, totalMb: 16_000 },
      time: null,
      before: 0,
    })
  expect(judge(0)).toMatchObject({ ready: true, warnings: [] })
  expect(judge(12).ready).toBe(true)
  expect(judge(12).warnings).toEqual([expect.stringContaining('12 of 30 training examples are tasks')])
  expect(judge(30).problems).toEqual([
    { step: 'model', message: expect.stringContaining('Choose a T5 or a GPT-Neo') as string },
  ])
  expect(judge(30, 'causal')).toMatchObject({ ready: true, warnings: [] })
})

test('texts are learnt by models that continue them alone, and need no question', () => {
  const model = {
    id: 'm',
    name: 'Some model',
    folder: '/m',
    origin: 'folder',
    architecture: 'gpt_neo',
    parameters: 1e8,
    bytes: 4e8,
    licence: null,
    maxLength: 2048,
    trainingMemoryMb: 2000,
    usable: true,
    reason: null,
  } as const
  const judge = (kind: 'seq2seq' | 'causal', passages: number, trainOnPassages: boolean) =>
    judgeReadiness({
      data: {
        name: 'Project',
        modelId: 'm',
        counts: { train: 0, validation: 0, test: 0 },
        longestWords: 0,
        longestAnswerWords: 0,
        tasks: 0,
        passages,
      },
      model: { ...model, kind },
      settings: { trainOnPassages },
      memory: { freeMb: 8000, totalMb: 16_000 },
      time: null,
      before: 0,
    })
  expect(judge('causal', 5, true)).toMatchObject({ ready: true, problems: [], steps: null })
  expect(judge('causal', 0, true).problems.map(({ step }) => step)).toEqual(['data'])
  expect(judge('causal', 5, false).problems.map(({ step }) => step)).toEqual(['data'])
  expect(judge('seq2seq', 5, true).problems).toEqual([
    { step: 'train', message: expect.stringContaining('choose a GPT-Neo') as string },
  ])
})

test('an estimate is measured by real steps and kept for the same model, data and settings', async () => {
  const app = await openRunsApp()
  const request = { projectId: 'p1', modelId: 'tiny', settings: tiny }
  const phases: string[] = []
  const signal = new AbortController().signal
  const measured = await app.runs['runs.estimate'](request, {
    emit: ({ phase }) => phases.push(phase),
    signal,
  })
  expect(measured).toMatchObject({ steps: 15, trainableParameters: expect.any(Number) as number })
  expect(measured.totalSeconds).toBeGreaterThan(0)
  expect(measured.totalSeconds).toBeLessThan(60)
  expect(phases.length).toBeGreaterThan(0)
  expect(app.trainers).toHaveLength(1)
  expect(isAlive(app.trainers[0]?.pid ?? 0)).toBe(false)
  expect(await app.runs['runs.estimate'](request, { emit: () => undefined, signal })).toEqual(measured)
  expect(app.trainers).toHaveLength(1)
  const ready = await app.runs['runs.readiness'](request, quiet())
  expect(ready).toMatchObject({ time: measured, memory: { neededMb: measured.memoryMb } })
  const other = await app.runs['runs.readiness']({ ...request, settings: { ...tiny, batchSize: 3 } }, quiet())
  expect(other.time).toBeNull()
  const seed = await app.runs['runs.readiness']({ ...request, settings: { ...tiny, seed: 3 } }, quiet())
  expect(seed.time).toEqual(measured)
  expect(await readdir(join(app.home, 'projects/p1'))).toEqual([])
})

test('an estimate is cancelled with its call, refused beside a run, and gives way to one', async () => {
  const app = await openRunsApp()
  const request = { projectId: 'p1', modelId: 'tiny', settings: endless }
  const stopping = new AbortController()
  const cancelled = app.runs['runs.estimate'](request, {
    emit: () => stopping.abort(),
    signal: stopping.signal,
  })
  await expect(cancelled).rejects.toMatchObject({ code: 'cancelled' })
  const started = Promise.withResolvers<undefined>()
  const displaced = app.runs['runs.estimate'](request, {
    emit: () => started.resolve(undefined),
    signal: new AbortController().signal,
  })
  const seen = displaced.catch((thrown: unknown) => thrown)
  await started.promise
  const run = await app.start(endless)
  expect(await seen).toMatchObject({
    code: 'run_state',
    message: expect.stringContaining('A run has started') as string,
  })
  await app.until(run.id, ({ step }) => step > 0)
  await expect(app.runs['runs.estimate'](request, quiet())).rejects.toMatchObject({ code: 'run_state' })
  await app.runs['runs.discard']({ runId: run.id }, quiet())
  expect(app.trainers.filter(({ pid }) => isAlive(pid ?? 0))).toEqual([])
})

test('the form offers every setting that a project leaves open, and presets that the trainer takes', async () => {
  const app = await openRunsApp()
  const form = await app.runs['runs.form']({ projectId: 'p1' }, quiet())
  const names = form.settings.map(({ name }) => name)
  expect(names).toContain('learningRate')
  expect(names).not.toContain('validationFraction')
  expect(form.presets.map(({ id, recommended }) => [id, recommended])).toEqual([
    ['quick', false],
    ['balanced', false],
    ['thorough', true],
  ])
})

test.each([0, 5, 80, 900, 20_000])(
  'the presets for %i examples train more from one to the next',
  (trainExamples) => {
    for (const starter of [true, false]) {
      const presets = presetsFor({ trainExamples, model: { starter, parameters: 77e6 } })
      expect(presets.filter(({ recommended }) => recommended)).toHaveLength(1)
      const steps = presets.map(({ settings }) => {
        const { epochs, batchSize, maxSteps } = parseSettings(settings)
        return Math.min(epochs * Math.ceil(trainExamples / batchSize), maxSteps ?? Infinity)
      })
      expect(steps).toEqual(steps.toSorted((a, b) => a - b))
      expect(presets[1]?.settings['learningRate']).toBe(starter ? 1.5e-3 : 1e-3)
    }
  },
)

test('a disk without room is said when a run is started, and nothing of it is left', async () => {
  const full = Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC', path: '/x' })
  const app = await openRunsApp(undefined, { writeSplits: () => Promise.reject(full) })
  await expect(app.start()).rejects.toMatchObject({ code: 'disk_full' })
  expect(await readdir(join(app.home, 'projects/p1/runs'))).toEqual([])
  expect(await app.runs['runs.list']({ projectId: null }, quiet())).toEqual([])
})

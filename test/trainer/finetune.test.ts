import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readSafetensors } from '../../trainer/checkpoint/safetensors.ts'
import { loadAdapter } from '../../trainer/lora/peft-adapter.ts'
import { openModel } from '../../trainer/models/registry.ts'
import type { Report, Settings } from '../../trainer/protocol.ts'
import { runTiny, tinyCommand, writeTinyRun } from '../support/tiny-run.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'loracle-finetune-'))
  await writeTinyRun(folder)
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const run = async (settings: Partial<Settings>, more: { validation?: null } = {}) => {
  const runDir = await temporaryFolder()
  return { runDir, ...(await runTiny(tinyCommand(folder, runDir, { settings, ...more }))) }
}

test('a run reports its phases in order and saves an adapter that loads', async () => {
  const { runDir, result, reports } = await run({})
  const phases = reports.flatMap((report) => (report.type === 'phase' ? [report.phase] : []))
  const others = phases.filter((phase, i) => phase !== 'validating' && phase !== phases[i - 1])
  expect(others.filter((phase, i) => phase !== others[i - 1])).toEqual([
    'loading',
    'preparing',
    'scoring-before',
    'training',
    'saving',
    'scoring-after',
  ])
  expect(reports.find((report) => report.type === 'prepared')).toMatchObject({
    trainExamples: 19,
    validationExamples: 5,
    steps: 15,
    epochs: 3,
  })
  expect(result).toMatchObject({ stopped: 'finished', step: 15, adapter: join(runDir, 'adapter') })
  const { architecture } = await openModel(join(folder, 'model'))
  const adapter = await loadAdapter(result.adapter, architecture)
  expect(adapter.targets).toHaveLength(architecture.linears.size)
  expect(adapter.targets[0]).toMatchObject({ rank: 2, scale: 2 })
})

test('the adapter of the best validation is kept, not that of the last step', async () => {
  const { runDir, result, reports } = await run({
    learningRate: 0.3,
    schedule: 'constant',
    evaluateEvery: 2,
  })
  const validations = reports.filter((report) => report.type === 'validation')
  const best = validations.reduce((a, b) => (b.loss < a.loss ? b : a))
  expect(result.bestStep).toBe(best.step)
  expect(best.step).toBeLessThan(15)
  const kept = await readSafetensors(join(runDir, 'checkpoints/step-00000015.safetensors'))
  for (const [name, { data }] of await readSafetensors(join(result.adapter, 'adapter_model.safetensors'))) {
    const path = name.replace('base_model.model.', '')
    expect(data).toEqual(kept.get(`best/${path}`)?.data)
    expect(data).not.toEqual(kept.get(`parameter/${path}`)?.data)
  }
})

test('test sets are answered before and after, each under its name', async () => {
  const runDir = await temporaryFolder()
  const data = join(folder, 'validation.json')
  const command = tinyCommand(folder, runDir, { settings: { epochs: 1 } })
  const { result } = await runTiny({
    ...command,
    tests: [
      { name: 'first', data },
      { name: 'second', data },
    ],
  })
  expect(result.before).toMatchObject({ count: 10 })
  expect(result.after).toMatchObject({ count: 10 })
  expect(result.tests.map(({ name, after }) => [name, after.count])).toEqual([
    ['first', 5],
    ['second', 5],
  ])
  expect(result.comparisons).toHaveLength(10)
})

test('scores are reported as soon as they are known, and the whole result is in the run folder', async () => {
  const runDir = await temporaryFolder()
  const command = tinyCommand(folder, runDir, { settings: { epochs: 1 } })
  const tests = [{ name: 'first', data: join(folder, 'validation.json') }]
  const { result, reports } = await runTiny({ ...command, tests })
  const types = reports.map((report) => (report.type === 'scored' ? report.when : report.type))
  expect(types.indexOf('before')).toBeLessThan(types.indexOf('step'))
  expect(types.indexOf('after')).toBeGreaterThan(types.lastIndexOf('step'))
  const scored = reports.filter((report) => report.type === 'scored')
  expect(scored.map(({ scores }) => scores)).toEqual([result.before, result.after])
  expect(scored.map((report) => report.tests[0])).toEqual([
    { name: 'first', scores: result.tests[0]?.before },
    { name: 'first', scores: result.tests[0]?.after },
  ])
  expect(JSON.parse(await readFile(join(runDir, 'result.json'), 'utf8'))).toEqual(result)
  for (const step of reports.filter((report) => report.type === 'step'))
    expect(step.processorPercent).toBeGreaterThanOrEqual(0)
  expect(reports.some((report) => report.type === 'step' && report.processorPercent > 0)).toBe(true)
})

describe('asked to stop and keep', () => {
  const keepAt = async (wanted: (report: Report) => boolean, settings: Partial<Settings> = {}) => {
    const runDir = await temporaryFolder()
    const command = tinyCommand(folder, runDir, { settings })
    const tests = [{ name: 'first', data: join(folder, 'validation.json') }]
    return runTiny({ ...command, tests }, (report, _, keep) => {
      if (wanted(report)) keep()
    })
  }

  test('a run saves the best adapter and scores it', async () => {
    const { result } = await keepAt((report) => report.type === 'step' && report.step === 6)
    expect(result).toMatchObject({ stopped: 'kept', step: 6, bestStep: 4, steps: 15 })
    expect(result.after).toMatchObject({ count: 5 })
    expect(result.comparisons).toHaveLength(5)
    const { architecture } = await openModel(join(folder, 'model'))
    expect((await loadAdapter(result.adapter, architecture)).targets.length).toBeGreaterThan(0)
  })

  test('without a validation the adapter is the one of the last step', async () => {
    const { result } = await keepAt((report) => report.type === 'step' && report.step === 2)
    expect(result).toMatchObject({ stopped: 'kept', step: 2, bestStep: 0 })
    expect(result.adapter).not.toBe('')
  })

  test('amid a validation it does not wait for its end', async () => {
    const { result, reports } = await keepAt(
      (report) => report.type === 'phase' && report.phase === 'validating',
    )
    expect(result).toMatchObject({ stopped: 'kept', step: 4, bestStep: 0 })
    expect(reports.some((report) => report.type === 'validation')).toBe(false)
  })

  test.each(['scoring-before', 'training'] as const)(
    'before the first step, while %s, it is cancelled',
    async (phase) => {
      const { result } = await keepAt((report) => report.type === 'phase' && report.phase === phase)
      expect(result).toMatchObject({ stopped: 'cancelled', step: 0, adapter: '' })
    },
  )
})

test('early stopping ends after as many validations without gain as it was given', async () => {
  const { result, reports } = await run({
    learningRate: 0.5,
    schedule: 'constant',
    epochs: 30,
    evaluateEvery: 1,
    earlyStoppingPatience: 2,
  })
  const validations = reports.filter((report) => report.type === 'validation')
  expect(result).toMatchObject({ stopped: 'early-stopping' })
  expect(result.step).toBeLessThan(result.steps)
  expect(validations.map(({ best }) => best).slice(-3)).toEqual([true, false, false])
  expect(result.bestStep).toBe(result.step - 2)
})

test('bestMetric f1 answers the questions and keeps the checkpoint with the highest F1', async () => {
  const { result, reports } = await run({ bestMetric: 'f1', evaluateEvery: 5 })
  const validations = reports.filter((report) => report.type === 'validation')
  expect(validations.map(({ step }) => step)).toEqual([5, 10, 15])
  for (const { scores } of validations) expect(scores).toMatchObject({ count: 5 })
  const f1 = validations.map(({ scores }) => scores?.f1 ?? NaN)
  expect(result.bestStep).toBe(validations[f1.indexOf(Math.max(...f1))]?.step)
})

test('a loss that is no number is an error that leaves the checkpoints', async () => {
  const runDir = await temporaryFolder()
  const settings = { learningRate: 1e30, maxGradNorm: null, warmupRatio: 0.3, saveEvery: 1 }
  await expect(runTiny(tinyCommand(folder, runDir, { settings }))).rejects.toMatchObject({
    code: 'loss_not_finite',
    message: expect.stringMatching(
      /learning rate 1e\+30 is too high.*checkpoint of step \d+ is kept/,
    ) as string,
  })
  const names = await readdir(join(runDir, 'checkpoints'))
  expect(names.length).toBeGreaterThan(0)
  for (const name of names) expect((await stat(join(runDir, 'checkpoints', name))).size).toBeGreaterThan(0)
  await expect(stat(join(runDir, 'adapter'))).rejects.toMatchObject({ code: 'ENOENT' })
})

test('a stop ends as cancelled with a checkpoint and without an adapter', async () => {
  const runDir = await temporaryFolder()
  const { result } = await runTiny(tinyCommand(folder, runDir), (report, stop) => {
    if (report.type === 'step' && report.step === 2) stop()
  })
  expect(result).toMatchObject({ stopped: 'cancelled', step: 2, adapter: '', after: null })
  expect(await readdir(join(runDir, 'checkpoints'))).toEqual(['step-00000002.safetensors'])
  await expect(stat(join(runDir, 'adapter'))).rejects.toMatchObject({ code: 'ENOENT' })
})

test('a stop before the first step, and one during a validation, keep what there is', async () => {
  const early = await temporaryFolder()
  const first = await runTiny(tinyCommand(folder, early), (report, stop) => {
    if (report.type === 'phase' && report.phase === 'training') stop()
  })
  expect(first.result).toMatchObject({ stopped: 'cancelled', step: 0 })
  const late = await temporaryFolder()
  const second = await runTiny(tinyCommand(folder, late), (report, stop) => {
    if (report.type === 'phase' && report.phase === 'validating') stop()
  })
  expect(second.result).toMatchObject({ stopped: 'cancelled', step: 4 })
  expect(await readdir(join(late, 'checkpoints'))).toContain('step-00000004.safetensors')
})

test('without validation the last step is what is saved', async () => {
  const { result, reports } = await run({ epochs: 1 }, { validation: null })
  expect(reports.some((report) => report.type === 'validation')).toBe(false)
  expect(result).toMatchObject({ stopped: 'finished', step: 5, bestStep: 0 })
})

test('full fine-tuning saves a model folder that opens', async () => {
  const { runDir, result } = await run({ method: 'full', epochs: 1, learningRate: 1e-3 })
  expect(result.adapter).toBe(join(runDir, 'model'))
  const tuned = await openModel(result.adapter)
  const base = await openModel(join(folder, 'model'))
  expect(tuned.architecture.config).toEqual(base.architecture.config)
  const bytes = (path: string) => readFile(join(path, 'model.safetensors'))
  expect((await bytes(result.adapter)).equals(await bytes(join(folder, 'model')))).toBe(false)
  expect(await readdir(result.adapter)).toContain('tokenizer.json')
})

test('maxSteps ends a run early, and the schedule with it', async () => {
  const { result, reports } = await run({ maxSteps: 3, epochs: 100, warmupRatio: 0 })
  const rates = reports.flatMap((report) => (report.type === 'step' ? [report.learningRate] : []))
  expect(result.step).toBe(3)
  expect(rates.map((rate) => rate / 0.02)).toEqual([1, expect.closeTo(2 / 3, 9), expect.closeTo(1 / 3, 9)])
})

test('settings that do not go together, or not with the model, are refused', async () => {
  await expect(run({ method: 'full', bestMetric: 'f1' })).rejects.toMatchObject({ code: 'setting_invalid' })
  await expect(run({ maxSourceLength: 100_000 })).rejects.toMatchObject({ code: 'setting_invalid' })
})

import { fork } from 'node:child_process'
import { copyFileSync, mkdirSync } from 'node:fs'
import { cp, mkdtemp, readdir, readFile, rm, stat, truncate } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Report, TrainCommand, TrainerMessage } from '../../trainer/protocol.ts'
import { adapterBytes, interruptedAt, runTiny, tinyCommand, writeTinyRun } from '../support/tiny-run.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const worker = join(import.meta.dirname, '../../trainer/worker.ts')

let folder: string
let whole: string
let expected: Buffer
let reports: readonly Report[]
/** Every checkpoint of the uninterrupted run, kept aside as it was written. */
let checkpoints: readonly string[]

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'loracle-resume-'))
  await writeTinyRun(folder)
  whole = join(folder, 'whole')
  const aside = join(folder, 'aside')
  mkdirSync(aside)
  const kept: string[] = []
  const run = await runTiny(tinyCommand(folder, whole), (report) => {
    if (report.type !== 'checkpoint') return
    const copy = join(aside, basename(report.path))
    copyFileSync(report.path, copy)
    kept.push(copy)
  })
  ;({ reports } = run)
  checkpoints = kept
  expected = await adapterBytes(whole)
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** What is to be the same whether a run was interrupted or not. */
async function course(runDir: string): Promise<readonly unknown[]> {
  const lines = (await readFile(join(runDir, 'metrics.jsonl'), 'utf8')).trimEnd().split('\n')
  return lines.map((line) => {
    const { type, step, loss, learningRate, gradNorm, best } = JSON.parse(line) as Record<string, unknown>
    return { type, step, loss, learningRate, gradNorm, best }
  })
}

async function expectSame(runDir: string): Promise<void> {
  expect((await adapterBytes(runDir)).equals(expected), 'the adapter has the same bytes').toBe(true)
  expect(await course(runDir)).toEqual(await course(whole))
}

test('the run crosses borders of epochs and saves between validations', () => {
  const steps = reports.filter((report) => report.type === 'step')
  expect(steps.map(({ step }) => step)).toEqual(Array.from({ length: 15 }, (_, i) => i + 1))
  expect(steps.at(4)?.epoch).toBe(1)
  const validated = reports.flatMap((report) => (report.type === 'validation' ? [report.step] : []))
  expect(validated).toEqual([4, 8, 12, 15])
  expect(checkpoints.map((path) => basename(path))).toEqual(
    [3, 6, 9, 12, 15].map((step) => `step-${String(step).padStart(8, '0')}.safetensors`),
  )
  const [first = NaN, last = NaN] = [steps[0]?.loss, steps.at(-1)?.loss]
  expect(last).toBeLessThan(first)
})

test('a second run of the same command gives the same bytes', async () => {
  const runDir = await temporaryFolder()
  await runTiny(tinyCommand(folder, runDir))
  await expectSame(runDir)
})

test('another seed gives other bytes', async () => {
  const runDir = await temporaryFolder()
  await runTiny(tinyCommand(folder, runDir, { settings: { seed: 43 } }))
  expect((await adapterBytes(runDir)).equals(expected)).toBe(false)
})

test.each([0, 1, 2, 3, 4])('resumed from checkpoint %i it ends with the same bytes', async (i) => {
  const runDir = await temporaryFolder()
  await interruptedAt(whole, checkpoints[i] ?? '', runDir)
  const { result } = await runTiny(tinyCommand(folder, runDir, { resume: true }))
  expect(result).toMatchObject({ stopped: 'finished', step: 15, steps: 15 })
  await expectSame(runDir)
})

test('stopped time and again, also on the verge of a validation, it ends with the same bytes', async () => {
  const runDir = await temporaryFolder()
  for (const step of [1, 4, 5, 9, 15]) {
    const { result } = await runTiny(tinyCommand(folder, runDir, { resume: true }), (report, stop) => {
      if (report.type === 'step' && report.step === step) stop()
    })
    expect(result).toMatchObject({ stopped: 'cancelled', step, adapter: '' })
    const names = await readdir(join(runDir, 'checkpoints'))
    expect(names).toContain(`step-${String(step).padStart(8, '0')}.safetensors`)
    expect(names.length).toBeLessThanOrEqual(2)
  }
  await runTiny(tinyCommand(folder, runDir, { resume: true }))
  await expectSame(runDir)
})

test('full fine-tuning, stopped and resumed, ends with the same bytes', async () => {
  const [runDir, other] = [await temporaryFolder(), await temporaryFolder()]
  const settings = { method: 'full', epochs: 1, learningRate: 1e-3, evaluateEvery: 2 } as const
  await runTiny(tinyCommand(folder, runDir, { settings }))
  await runTiny(tinyCommand(folder, other, { settings }), (report, stop) => {
    if (report.type === 'step' && report.step === 3) stop()
  })
  await runTiny(tinyCommand(folder, other, { settings, resume: true }))
  const bytes = (path: string) => readFile(join(path, 'model/model.safetensors'))
  expect((await bytes(other)).equals(await bytes(runDir))).toBe(true)
})

test('a damaged newest checkpoint is passed over for the one before it', async () => {
  const runDir = await temporaryFolder()
  await interruptedAt(whole, checkpoints[1] ?? '', runDir)
  const damaged = join(runDir, 'checkpoints', basename(checkpoints[2] ?? ''))
  await cp(checkpoints[2] ?? '', damaged)
  await truncate(damaged, 1000)
  const { reports } = await runTiny(tinyCommand(folder, runDir, { resume: true }))
  expect(reports.find((report) => report.type === 'step')).toMatchObject({ step: 7 })
  await expectSame(runDir)
})

test('other settings do not go on from a checkpoint', async () => {
  const runDir = await temporaryFolder()
  await interruptedAt(whole, checkpoints[1] ?? '', runDir)
  await expect(
    runTiny(tinyCommand(folder, runDir, { resume: true, settings: { learningRate: 0.03 } })),
  ).rejects.toMatchObject({ code: 'checkpoint_invalid' })
})

test('the base model is scored once, whatever interrupts the run', async () => {
  const runDir = await temporaryFolder()
  const tests = [{ name: 'held out', data: join(folder, 'validation.json') }]
  const first = await runTiny({ ...tinyCommand(folder, runDir), tests }, (report, stop) => {
    if (report.type === 'step' && report.step === 2) stop()
  })
  const scored = (reports: readonly Report[]) =>
    reports.find((report) => report.type === 'scored' && report.when === 'before')
  const answering = (reports: readonly Report[]) =>
    reports.filter((report) => report.type === 'progress' && report.phase === 'scoring-before').length
  expect(answering(first.reports)).toBeGreaterThan(0)
  const resumed = { ...tinyCommand(folder, runDir, { resume: true }), tests }
  const again = await runTiny(resumed, (report, stop) => {
    if (report.type === 'step') stop()
  })
  expect(answering(again.reports)).toBe(0)
  expect(scored(again.reports)).toEqual(scored(first.reports))
  // Other questions are other answers.
  const other = await runTiny({ ...resumed, tests: [{ name: 'other', data: join(folder, 'train.json') }] })
  expect(answering(other.reports)).toBeGreaterThan(0)
  expect(other.result.before?.count).toBe(19)
})

test('resuming where there is no checkpoint begins anew', async () => {
  const runDir = await temporaryFolder()
  const { reports } = await runTiny(tinyCommand(folder, runDir, { resume: true }))
  expect(reports.find((report) => report.type === 'step')).toMatchObject({ step: 1 })
  await expectSame(runDir)
})

describe('killed with SIGKILL', () => {
  test('in between steps, while saving, and soon after, and resumed, it ends with the same bytes', async () => {
    const runDir = await temporaryFolder()
    // A checkpoint is written right after steps 3, 6 and 9.
    const deaths = [
      { step: 1, delayMs: 0 },
      { step: 3, delayMs: 0 },
      { step: 6, delayMs: 1 },
      { step: 9, delayMs: 3 },
    ]
    for (const death of deaths)
      expect(await train(tinyCommand(folder, runDir, { resume: true }), death)).toBe('SIGKILL')
    expect(await train(tinyCommand(folder, runDir, { resume: true }), null)).toBeNull()
    await expectSame(runDir)
  })
})

/** Trains in a process of its own and kills it a moment after it has noted a step; returns the signal that ended it. */
function train(
  command: TrainCommand,
  death: { readonly step: number; readonly delayMs: number } | null,
): Promise<NodeJS.Signals | null> {
  return new Promise((resolve, reject) => {
    const child = fork(worker, [], {
      serialization: 'advanced',
      execArgv: [],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    })
    child.on('error', reject)
    const began = Date.now()
    // Reports come in batches, too late for a run this short: the metrics are written step by step.
    const watch = setInterval(() => {
      void lastStep(command.runDir, began).then((step) => {
        if (!death || step < death.step) return
        clearInterval(watch)
        setTimeout(() => child.kill('SIGKILL'), death.delayMs)
      })
    }, 1)
    child.on('exit', (_, signal) => {
      clearInterval(watch)
      resolve(signal)
    })
    child.on('message', (message) => {
      const sent = message as unknown as TrainerMessage
      for (const report of sent.type === 'batch' ? sent.reports : [sent])
        if (report.type === 'error') reject(new Error(report.error.message))
    })
    child.send(command)
  })
}

/** The last step in a run's metrics, 0 where they were not touched since `began`. */
async function lastStep(runDir: string, began: number): Promise<number> {
  const path = join(runDir, 'metrics.jsonl')
  const touched = await stat(path).then(
    ({ mtimeMs }) => mtimeMs >= began,
    () => false,
  )
  if (!touched) return 0
  const steps = (await readFile(path, 'utf8')).matchAll(/"type":"step","step":(\d+)/g)
  return Math.max(0, ...[...steps].map((match) => Number(match[1])))
}

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { estimate } from '../../trainer/estimate.ts'
import { chooseTrained } from '../../trainer/lora/trained.ts'
import { openModel } from '../../trainer/models/registry.ts'
import { parseSettings } from '../../trainer/protocol.ts'
import type { EstimateResult, Settings, TrainCommand } from '../../trainer/protocol.ts'
import { estimateMemoryMb } from '../../trainer/run/memory-estimate.ts'
import { largestPart } from '../../trainer/run/open-training.ts'
import { planRun } from '../../trainer/run/run-plan.ts'
import { runTiny, tinyCommand, writeTinyRun } from '../support/tiny-run.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'loracle-estimate-'))
  await writeTinyRun(folder)
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const withTests = (settings: Partial<Settings> = {}): TrainCommand => ({
  ...tinyCommand(folder, join(folder, 'unused'), { settings }),
  tests: [{ name: 'test', data: join(folder, 'validation.json') }],
})

const estimateOf = (
  { model, datasets, validation, tests, settings }: TrainCommand,
  stop = new AbortController().signal,
): Promise<EstimateResult> =>
  estimate(
    { kind: 'estimate', model, datasets, validation, tests, settings },
    { report: () => undefined, stop, keep: new AbortController().signal },
  )

test.each([{}, { bestMetric: 'f1' }, { method: 'full' }] as const)(
  'an estimate counts what the run then has: %j',
  async (settings) => {
    const found = await estimateOf(withTests(settings))
    const runDir = await temporaryFolder()
    const { result, reports } = await runTiny({ ...withTests(settings), runDir })
    const prepared = reports.find((report) => report.type === 'prepared')
    expect(found).toMatchObject({
      steps: result.steps,
      stepsPerEpoch: 5,
      trainExamples: prepared?.trainExamples,
      validationExamples: prepared?.validationExamples,
      testExamples: 5,
      windows: prepared?.windows,
      validations: reports.filter((report) => report.type === 'validation').length,
      trainableParameters: prepared?.trainableParameters,
      totalParameters: prepared?.totalParameters,
    })
    expect(found.secondsPerStep).toBeGreaterThan(0)
    expect(found.secondsPerValidation).toBeGreaterThan(0)
    expect(found.secondsScoring).toBeGreaterThan(0)
    expect(found.totalSeconds).toBeCloseTo(
      found.secondsLoading +
        found.steps * found.secondsPerStep +
        found.validations * found.secondsPerValidation +
        found.secondsScoring,
      9,
    )
    expect(found.peakRssMb).toBeGreaterThan(0)
  },
)

test('of many examples a sample is read, and the rest is counted in', async () => {
  const record = (i: number) => ({
    id: `q${i}`,
    context: `The sentence ${i} is short. ${'The other is long. '.repeat(i % 9)}`,
    question: 'Which is short?',
    answers: { text: [`sentence ${i}`], answer_start: [4] },
    is_impossible: false,
  })
  const data = join(folder, 'many.json')
  await writeFile(data, JSON.stringify(Array.from({ length: 4000 }, (_, i) => record(i))))
  const command = {
    ...tinyCommand(folder, join(folder, 'unused')),
    datasets: [{ name: 'data', data, weight: 1 }],
    settings: parseSettings({
      ...tinyCommand(folder, '').settings,
      maxSteps: 1,
      validationFraction: 0,
    }),
  }
  const found = await estimateOf(command)
  const { reports } = await runTiny({ ...command, runDir: await temporaryFolder() })
  const windows = reports.flatMap((report) => (report.type === 'prepared' ? [report.windows] : []))[0] ?? NaN
  expect(found.trainExamples).toBe(4000)
  expect(Math.abs(found.windows / windows - 1)).toBeLessThan(0.05)
})

test('an estimate can be stopped', async () => {
  await expect(estimateOf(withTests(), AbortSignal.abort())).rejects.toMatchObject({ code: 'cancelled' })
})

/** Peak resident memory of test/bench/estimate-point.ts on Linux, two processors: the starter, rows of 344 and 19. */
describe('memory', () => {
  const starter = join(import.meta.dirname, '../../assets/starter')
  test.each([
    { settings: { batchSize: 4, dropout: 0 }, measured: 379 },
    { settings: { batchSize: 8, dropout: 0.1 }, measured: 463 },
    { settings: { batchSize: 8, dropout: 0, loraDropout: 0.1 }, measured: 411 },
    { settings: { batchSize: 8, dropout: 0, method: 'full' }, measured: 544 },
    { settings: { batchSize: 8, dropout: 0.1, gradientCheckpointing: 'blocks' }, measured: 368 },
  ] as const)('of the starter with $settings is near to what was measured', async (row) => {
    const model = await openModel(starter)
    const settings = parseSettings(row.settings)
    const ids = (length: number) => Array.from({ length }, () => 5)
    const items = Array.from({ length: 24 }, (_, exampleIndex) => ({
      sourceIds: ids(344),
      targetIds: ids(19),
      exampleIndex,
    }))
    const estimated = estimateMemoryMb({
      model,
      parameterCount: model.parameterCount,
      trained: chooseTrained(model.architecture, settings),
      largest: largestPart(planRun(items, settings), model, settings),
      validates: false,
      answers: false,
      settings,
    })
    expect(Math.abs(estimated / row.measured - 1)).toBeLessThan(0.15)
  })
})

test.each([0, -1, Number.NaN, 1e9, Infinity])('a weight of %f for a dataset is refused', async (weight) => {
  const command = withTests()
  const [dataset] = command.datasets
  if (!dataset) throw new Error('The command has a dataset.')
  await expect(estimateOf({ ...command, datasets: [{ ...dataset, weight }] })).rejects.toMatchObject({
    code: 'setting_invalid',
    message: expect.stringContaining('from 0.01 to 100') as string,
  })
})

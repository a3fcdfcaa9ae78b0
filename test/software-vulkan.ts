/**
 * Runs on WebGPU what a GPU would run, over Mesa's software Vulkan driver: `npm exec -- node test/software-vulkan.ts`.
 * The check that doctor makes, then for each kind of model a training run with dropout, its loss curve and its answers
 * beside the CPU's. For correctness only: a step takes seconds. Debian 12's own driver (22.3) is too old; 25 from its
 * backports works. Nothing is run, and a sentence says so, where there is no such driver.
 */
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createEngine, createProviders, forkTrainer, providersFile } from '../main/app.ts'
import type { ProviderCheck, TrainResult } from '../main/contract/engine-types.ts'
import { bytePairsFolder, tinyGptNeo, writeRandomGptNeo } from './support/random-gpt-neo.ts'
import { tinyBert, writeRandomBert } from './support/random-bert.ts'
import { writeTinyRun } from './support/tiny-run.ts'
import { wordPieceDir } from './data/fixtures/load.ts'

/** Two loss curves further apart than this are not those of the same step: rounding stays far below. */
const curveTolerance = 1e-2
const steps = 12

const driverFolder = '/usr/share/vulkan/icd.d'

async function softwareDriver(): Promise<string | null> {
  const named = process.env['VK_DRIVER_FILES'] ?? process.env['VK_ICD_FILENAMES']
  if (named) return named
  const names = await readdir(driverFolder).catch(() => [])
  const lavapipe = names.find((name) => name.startsWith('lvp_icd') && name.endsWith('.json'))
  return lavapipe ? join(driverFolder, lavapipe) : null
}

interface Course {
  readonly losses: readonly number[]
  readonly result: TrainResult
}

const worker = fileURLToPath(new URL('../trainer/worker.ts', import.meta.url))
const startTrainer = () => forkTrainer(worker)

/** Checks and compares in a folder; true where all that ran was right. */
async function compare(folder: string): Promise<boolean> {
  const providers = createProviders({ startTrainer, file: providersFile(folder) })
  const engine = createEngine({ startTrainer, providers })
  const checked = await providers.check((report) => {
    if (report.type === 'provider-case') process.stderr.write(`${report.provider}: ${report.name}\n`)
  }).outcome
  if (checked.type === 'error') throw new Error(checked.error.message)
  for (const check of checked.providers) process.stdout.write(`${checkLine(check)}\n`)
  if (!checked.providers.some(({ provider, available }) => provider === 'webgpu' && available)) return false

  await writeTinyRun(folder)
  const models = { t5: join(folder, 'model'), 'gpt-neo': join(folder, 'gpt-neo'), bert: join(folder, 'bert') }
  await writeRandomGptNeo(models['gpt-neo'], tinyGptNeo, {
    seed: 3,
    vocabulary: bytePairsFolder,
    spread: 0.25,
  })
  await writeRandomBert(models.bert, tinyBert, { seed: 3, spread: 0.15, tokenizer: wordPieceDir })

  const train = async (name: keyof typeof models, assignments: readonly string[]): Promise<Course> => {
    const losses: number[] = []
    const data = join(folder, 'train.json')
    const request = {
      model: models[name],
      datasets: [{ name: 'train', data, weight: 1 }],
      validation: join(folder, 'validation.json'),
      tests: [{ name: 'test', data: join(folder, 'validation.json') }],
      out: join(folder, 'runs'),
      name,
      settings: {
        file: null,
        values: {
          maxSteps: steps,
          batchSize: 4,
          learningRate: 5e-3,
          dropout: 0.1,
          loraDropout: 0.1,
          threads: 1,
        },
        assignments: ['maxTargetLength=8', ...assignments],
      },
    }
    const job = engine.train(request, (event) => {
      if (event.type === 'step') losses.push(event.loss)
    })
    const result = await job.outcome
    if (result.type === 'error') throw new Error(`${name} ${assignments.join(' ')}: ${result.error.message}`)
    return { losses, result }
  }

  let isRight = true
  for (const name of ['t5', 'gpt-neo', 'bert'] as const) {
    const cpu = await train(name, ['provider=cpu'])
    for (const precision of ['stored', 'float16']) {
      const began = performance.now()
      const gpu = await train(name, ['provider=webgpu', `weightPrecision=${precision}`])
      const seconds = (performance.now() - began) / 1000
      const apart = Math.max(
        ...cpu.losses.map((loss, i) => Math.abs((gpu.losses[i] ?? NaN) - loss) / Math.abs(loss)),
      )
      const same = cpu.result.comparisons.filter(
        (one, i) =>
          one.tuned === gpu.result.comparisons[i]?.tuned && one.base === gpu.result.comparisons[i].base,
      ).length
      // Rounded weights are another model, which only has to learn alike.
      const right = precision === 'float16' ? apart < 0.1 : apart < curveTolerance
      isRight &&= right
      process.stdout.write(
        `${name} ${precision}: loss ${first(cpu)} to ${last(cpu)} on the CPU, ${first(gpu)} to ${last(gpu)} on WebGPU, ` +
          `at most ${apart.toExponential(1)} apart over ${cpu.losses.length} steps; answers the same to ${same} of ` +
          `${cpu.result.comparisons.length} questions; ${seconds.toFixed(0)} s; ${right ? 'right' : 'WRONG'}\n`,
      )
    }
  }
  return isRight
}

const first = ({ losses }: Course): string => (losses[0] ?? NaN).toFixed(4)
const last = ({ losses }: Course): string => (losses.at(-1) ?? NaN).toFixed(4)

function checkLine({ provider, status, gradientError, stepMs, message }: ProviderCheck): string {
  const error = gradientError?.toExponential(1) ?? '-'
  return `${provider}: ${status}, gradient error ${error}, step ${stepMs?.toFixed(0) ?? '-'} ms; ${message}`
}

const driver = await softwareDriver()
if (driver === null)
  process.stdout.write(
    `There is no software Vulkan driver (lvp_icd in ${driverFolder}), and none is named in VK_DRIVER_FILES: nothing was run.\n`,
  )
else {
  process.env['VK_DRIVER_FILES'] = driver
  process.env['VK_ICD_FILENAMES'] = driver
  const folder = await mkdtemp(join(tmpdir(), 'loracle-vulkan-'))
  try {
    if (!(await compare(folder))) process.exitCode = 1
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { finetune } from '../../trainer/finetune.ts'
import { parseSettings } from '../../trainer/settings.ts'
import type { Settings } from '../../trainer/settings.ts'

// Trains the starter on the sample once with each precision of its frozen weights, on the same batches in the same
// order, and says how far the loss curves lie apart and what the held-out questions score. Prints one JSON document.
//   npm exec -- node test/bench/quantized.ts --steps 200 --out curves.json

const { values } = parseArgs({
  options: {
    steps: { type: 'string', default: '200' },
    batch: { type: 'string', default: '8' },
    seed: { type: 'string', default: '42' },
    threads: { type: 'string', default: '2' },
    precision: { type: 'string', multiple: true, default: ['stored', 'int8', 'int4'] },
    out: { type: 'string' },
  },
})
const assets = join(import.meta.dirname, '../../assets')
const test = (name: string) => ({ name, data: join(assets, `sample/${name}.json`) })

interface Curve {
  readonly precision: string
  readonly losses: readonly number[]
  readonly seconds: number
  readonly peakRssMb: number
  readonly f1: Readonly<Record<string, { readonly before: number; readonly after: number }>>
}

async function train(precision: string): Promise<Curve> {
  const runDir = await mkdtemp(join(tmpdir(), 'loracle-quantized-'))
  const losses: number[] = []
  const sample = JSON.parse(await readFile(join(assets, 'sample/settings.json'), 'utf8')) as Partial<Settings>
  const settings = parseSettings({
    ...sample,
    epochs: 100,
    maxSteps: Number(values.steps),
    batchSize: Number(values.batch),
    seed: Number(values.seed),
    threads: Number(values.threads),
    weightPrecision: precision,
  })
  try {
    await mkdir(runDir, { recursive: true })
    const never = new AbortController().signal
    const result = await finetune(
      {
        kind: 'train',
        model: join(assets, 'starter'),
        datasets: [{ name: 'sample', data: join(assets, 'sample/train.json'), weight: 1 }],
        validation: null,
        tests: [test('held-out-wordings'), test('held-out-sections')],
        runDir,
        settings,
        resume: false,
      },
      {
        report: (report) => {
          if (report.type === 'step') losses.push(report.loss)
          if (report.type === 'step' && report.step % 20 === 0)
            process.stderr.write(`${precision}: step ${report.step}, loss ${report.loss.toFixed(3)}\n`)
        },
        stop: never,
        keep: never,
      },
    )
    const f1 = result.tests.map(
      ({ name, before, after }) => [name, { before: before.f1, after: after.f1 }] as const,
    )
    const { seconds, peakRssMb } = result
    return { precision, losses, seconds, peakRssMb, f1: Object.fromEntries(f1) }
  } finally {
    await rm(runDir, { recursive: true, force: true })
  }
}

/** Means over `width` steps: what a person sees of a curve. */
function smoothed(losses: readonly number[], width: number): readonly number[] {
  return losses
    .slice(width - 1)
    .map((_, i) => losses.slice(i, i + width).reduce((sum, loss) => sum + loss, 0) / width)
}

function largestDistance(a: readonly number[], b: readonly number[]): number {
  return Math.max(...a.map((value, i) => Math.abs(value - (b[i] ?? NaN))))
}

const curves: Curve[] = []
for (const precision of values.precision) curves.push(await train(precision))
const [reference] = curves
const document = JSON.stringify(
  {
    options: values,
    comparisons: curves.map(({ precision, losses, seconds, peakRssMb, f1 }) => ({
      precision,
      firstLoss: losses[0],
      lastTenMean: smoothed(losses, 10).at(-1),
      largestDistance: largestDistance(reference?.losses ?? [], losses),
      largestDistanceOfTenMeans: largestDistance(smoothed(reference?.losses ?? [], 10), smoothed(losses, 10)),
      seconds,
      peakRssMb,
      f1,
    })),
    curves: curves.map(({ precision, losses }) => ({ precision, losses })),
  },
  (_, value: unknown) => (typeof value === 'number' ? Math.round(value * 1e4) / 1e4 : value),
  1,
)
process.stdout.write(`${document}\n`)
if (values.out !== undefined) await writeFile(values.out, document)

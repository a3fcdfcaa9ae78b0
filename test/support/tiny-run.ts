import { cp, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { finetune } from '../../trainer/finetune.ts'
import { parseSettings } from '../../trainer/protocol.ts'
import type { Report, Settings, TrainCommand, TrainResult } from '../../trainer/protocol.ts'
import { flanT5Small, writeRandomT5 } from './random-model.ts'

const tokenizer = join(import.meta.dirname, '../data/fixtures/tokenizer')

/** The size of the tokenizer fixture's vocabulary, and no more layers than it takes to be a T5. */
const tinyT5 = {
  ...flanT5Small,
  vocab_size: 200,
  d_model: 16,
  d_kv: 4,
  d_ff: 24,
  num_layers: 1,
  num_decoder_layers: 1,
  num_heads: 2,
}

/** Settings under which everything that draws at random takes part, and an epoch has five steps. */
export const tinySettings = {
  epochs: 3,
  batchSize: 2,
  gradientAccumulationSteps: 2,
  learningRate: 0.02,
  dropout: 0.2,
  loraDropout: 0.1,
  labelSmoothing: 0.05,
  rank: 2,
  alpha: 4,
  maxSourceLength: 48,
  maxTargetLength: 6,
  stride: 8,
  evaluateEvery: 4,
  saveEvery: 3,
  threads: 1,
  evaluationBatchSize: 4,
  validationFraction: 0,
} as const satisfies Partial<Settings>

const records = (from: number, count: number) =>
  Array.from({ length: count }, (_, i) => {
    const name = `sentence ${from + i} is ${'so '.repeat(i % 5)}short`
    return {
      id: `q${from + i}`,
      context: `The ${name}. The other is long.`,
      question: `Which ${'one '.repeat(i % 3)}is short?`,
      answers: { text: [name], answer_start: [4] },
      is_impossible: false,
    }
  })

/** Writes a tiny random model and its data into a folder. */
export async function writeTinyRun(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true })
  await writeRandomT5(join(folder, 'model'), tinyT5, { seed: 5, tokenizer })
  await writeFile(join(folder, 'train.json'), JSON.stringify(records(0, 19)))
  await writeFile(join(folder, 'validation.json'), JSON.stringify(records(40, 5)))
}

/** The command that trains in `runDir` on what `writeTinyRun` wrote. */
export function tinyCommand(
  folder: string,
  runDir: string,
  change: {
    readonly settings?: Partial<Settings>
    readonly resume?: boolean
    readonly validation?: null
  } = {},
): TrainCommand {
  return {
    kind: 'train',
    model: join(folder, 'model'),
    datasets: [{ name: 'data', data: join(folder, 'train.json'), weight: 1 }],
    validation: change.validation === null ? null : join(folder, 'validation.json'),
    tests: [],
    runDir,
    settings: parseSettings({ ...tinySettings, ...change.settings }),
    resume: change.resume ?? false,
  }
}

/** Trains in this process; `onReport` sees each report as it is made and may ask for a stop, or to keep. */
export async function runTiny(
  command: TrainCommand,
  onReport: (report: Report, stop: () => void, keep: () => void) => void = () => undefined,
): Promise<{ readonly result: TrainResult; readonly reports: readonly Report[] }> {
  await mkdir(command.runDir, { recursive: true })
  const [stopping, keeping] = [new AbortController(), new AbortController()]
  const reports: Report[] = []
  const result = await finetune(command, {
    report: (report) => {
      reports.push(report)
      onReport(
        report,
        () => {
          stopping.abort()
        },
        () => {
          keeping.abort()
        },
      )
    },
    stop: stopping.signal,
    keep: keeping.signal,
  })
  return { result, reports }
}

/** The bytes of the adapter that a run ended with. */
export const adapterBytes = (runDir: string): Promise<Buffer> =>
  readFile(join(runDir, 'adapter/adapter_model.safetensors'))

/** A copy of a run as if it had been interrupted at a checkpoint: nothing but this checkpoint, and the metrics. */
export async function interruptedAt(runDir: string, checkpoint: string, copy: string): Promise<void> {
  await mkdir(join(copy, 'checkpoints'), { recursive: true })
  await cp(checkpoint, join(copy, 'checkpoints', checkpoint.replace(/^.*[\\/]/, '')))
  await cp(join(runDir, 'metrics.jsonl'), join(copy, 'metrics.jsonl'))
}

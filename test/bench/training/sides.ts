import { startOurs, startPython } from '../bench-processes.ts'
import type { LineProcess } from '../line-process.ts'
import { processSide } from '../process-side.ts'
import type { CaseContext, Opening, Side, Turn } from '../side.ts'
import { ranSchema, trainableSchema } from './messages.ts'
import type { BenchItem, Trainable } from './messages.ts'

/** What both sides adapt. */
export interface BenchLora {
  readonly rank: number
  readonly alpha: number
  readonly targets: 'all-linear' | readonly string[]
  /** Modules that are trained whole: PEFT's `modules_to_save`. */
  readonly save?: readonly string[]
}

/** What is trained on, the same for all sides of a case. */
export interface TrainingWork {
  readonly kind: 'seq2seq' | 'causal' | 'extractive'
  /** The model folder. */
  readonly weights: string
  readonly lora: BenchLora
  readonly items: readonly BenchItem[]
  readonly batchSize: number
  /** Null leaves the model's own. */
  readonly dropout: number | null
}

/** Chooses the steps of a turn from those of an epoch, and says how their times are counted. */
export interface TurnPlan {
  steps(plan: Trainable['plan'], options: { count: number; round: number }): readonly number[]
  /** Whether a turn counts as one, as slices of an epoch do, or each of its steps. */
  readonly together: boolean
}

const learningRate = 3e-4
// That of torch.optim.AdamW.
const weightDecay = 0.01
const seed = 0

/** A side of this project: a run's own parts with some settings besides those of the work. */
export function ourTrainingSide(
  name: string,
  { work, turns, context }: { work: TrainingWork; turns: TurnPlan; context: CaseContext },
  settings: Readonly<Record<string, unknown>> = {},
): Side {
  const { rank, alpha, targets, save } = work.lora
  return processSide<Trainable>({
    name,
    role: 'ours',
    start: () => startOurs('training/server.ts', context),
    load: (process) =>
      process.ask(
        {
          op: 'load',
          weights: work.weights,
          items: work.items,
          settings: {
            seed,
            rank,
            alpha,
            targetModules: targets,
            ...(save ? { modulesToSave: save } : {}),
            batchSize: work.batchSize,
            learningRate,
            weightDecay,
            dropout: work.dropout,
            threads: context.options.threads,
            ...settings,
          },
        },
        trainableSchema,
      ),
    turn: (process, ready, count) => takeTurn(process, ready, turns, count),
  })
}

/** How PEFT's side makes its batches. */
export interface PeftRecipe {
  readonly order: 'given' | 'shuffled' | 'grouped'
  /** Every batch has these lengths; null pads to the longest of each batch. */
  readonly pad: { readonly source: number; readonly target?: number } | null
  readonly compile: boolean
}

/** A side of PyTorch and PEFT. */
export function peftTrainingSide(
  name: string,
  { work, turns, context }: { work: TrainingWork; turns: TurnPlan; context: CaseContext },
  { python, recipe }: { readonly python: string; readonly recipe: PeftRecipe },
): Side {
  return processSide<Trainable>({
    name,
    role: 'reference',
    start: () => startPython(python, 'peft_reference.py', context),
    load: (process) => {
      const { threads } = context.options
      return process.ask({ op: 'load', ...work, ...recipe, threads, learningRate, seed }, trainableSchema)
    },
    turn: (process, ready, count) => takeTurn(process, ready, turns, count),
  })
}

async function takeTurn(
  process: LineProcess,
  { plan }: Trainable,
  turns: TurnPlan,
  options: { count: number; round: number },
): Promise<Turn> {
  const steps = turns.steps(plan, options)
  const { milliseconds, processor, loss } = await process.ask({ op: 'run', steps }, ranSchema)
  const planned = steps.flatMap((step) => plan[step % plan.length] ?? [])
  return {
    milliseconds: turns.together ? [sumOf(milliseconds)] : milliseconds,
    processor: turns.together ? [sumOf(processor)] : processor,
    loss,
    done: {
      examples: sumOf(planned.map(({ examples }) => examples)),
      tokens: sumOf(planned.map(({ tokens }) => tokens)),
    },
  }
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0)
}

/**
 * What shows that a side trains something else than this project's first: another number of values, or with equal
 * first batches another first loss than within 1e-4 of it. Sides with rounded weights are let off that.
 */
export function checkSameWork(
  openings: ReadonlyMap<string, Opening>,
  { rounded, losses }: { readonly rounded: readonly string[]; readonly losses: boolean },
): ReadonlyMap<string, string> {
  const first = openings.get('loracle')
  const differences = new Map<string, string>()
  if (!first) return differences
  for (const [name, { trainable, firstLoss = NaN }] of openings) {
    const loss = first.firstLoss ?? NaN
    if (trainable !== first.trainable)
      differences.set(name, `It trains ${trainable} values, loracle ${first.trainable}.`)
    else if (losses && !rounded.includes(name) && !(Math.abs(firstLoss - loss) <= 1e-4 * Math.abs(loss)))
      differences.set(name, `Its first loss is ${firstLoss}, loracle's ${loss}.`)
  }
  return differences
}

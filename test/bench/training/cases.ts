import { idDrawer } from '../random-ids.ts'
import type { BenchCase, CaseContext } from '../side.ts'
import type { PublishedShape } from '../write-random-model.ts'
import type { BenchItem } from './messages.ts'
import { checkSameWork, ourTrainingSide, peftTrainingSide } from './sides.ts'
import type { BenchLora, TrainingWork, TurnPlan } from './sides.ts'

interface StepWork {
  readonly shape: PublishedShape
  readonly kind: TrainingWork['kind']
  readonly lora: BenchLora
  /** Rows of a batch, all of the same lengths in tokens. */
  readonly batch: number
  readonly source: number
  /** Labels of a row; of a model that marks spans there are always two. */
  readonly target: number
}

const queryValue = (...targets: string[]): BenchLora => ({ rank: 8, alpha: 16, targets })
const t5 = { shape: 'flan-t5-small', kind: 'seq2seq', batch: 8, source: 256, target: 16 } as const
const neo = { shape: 'gpt-neo-125m', kind: 'causal', lora: queryValue('q_proj', 'v_proj') } as const
const allLinear = { rank: 8, alpha: 16, targets: 'all-linear' } as const

/** Steps of training: this project's in F32, recomputing activations, and with frozen weights in 8 bits. */
export const trainingCases: readonly BenchCase[] = [
  stepCase('train-t5-qv-256', { ...t5, lora: queryValue('q', 'v') }),
  stepCase('train-t5-qv-512', { ...t5, lora: queryValue('q', 'v'), source: 512, target: 32 }),
  stepCase('train-t5-all-256', { ...t5, lora: allLinear }),
  stepCase('train-t5-all-512', { ...t5, lora: allLinear, source: 512, target: 32 }),
  // Labels everywhere: each token predicts the next.
  stepCase('train-neo-text-256', { ...neo, batch: 4, source: 1, target: 255 }),
  stepCase('train-neo-text-512', { ...neo, batch: 1, source: 1, target: 511 }),
  stepCase('train-neo-answer-256', { ...neo, batch: 4, source: 224, target: 32 }),
  stepCase('train-neo-answer-512', { ...neo, batch: 1, source: 480, target: 32 }),
  stepCase('train-bert-qv-384', {
    shape: 'bert-base',
    kind: 'extractive',
    lora: { ...queryValue('query', 'value'), save: ['qa_outputs'] },
    batch: 8,
    source: 384,
    target: 2,
  }),
]

/** The same batch again and again: what differs is the machine's doing. */
const sameStep: TurnPlan = {
  steps: (_plan, { count }) => Array.from({ length: count }, () => 0),
  together: false,
}

function stepCase(name: string, step: StepWork): BenchCase {
  return {
    name,
    work: { what: 'training steps', ...step, dropout: 0, optimizer: 'AdamW', clippedTo: 1 },
    async sides(context) {
      const weights = await context.model(step.shape)
      const { kind, lora, batch } = step
      const items = await drawItems(weights, step)
      const work: TrainingWork = { kind, weights, lora, items, batchSize: batch, dropout: 0 }
      return trainingSides({ work, turns: sameStep, context })
    },
    check: (openings) => checkSameWork(openings, { rounded: ['loracle-int8'], losses: true }),
  }
}

function trainingSides(parts: { work: TrainingWork; turns: TurnPlan; context: CaseContext }) {
  const { peft: python, compile } = parts.context.options
  const recipe = { order: 'given', pad: null } as const
  const peft = (name: string, compiled: boolean) =>
    python === null
      ? []
      : [peftTrainingSide(name, parts, { python, recipe: { ...recipe, compile: compiled } })]
  return [
    ourTrainingSide('loracle', parts),
    ourTrainingSide('loracle-selective', parts, { gradientCheckpointing: 'selective' }),
    ourTrainingSide('loracle-blocks', parts, { gradientCheckpointing: 'blocks' }),
    ourTrainingSide('loracle-int8', parts, { weightPrecision: 'int8' }),
    ...peft('peft', false),
    ...(compile ? peft('peft-compiled', true) : []),
  ]
}

async function drawItems(weights: string, { kind, batch, source, target }: StepWork): Promise<BenchItem[]> {
  const sourceIds = await idDrawer(weights, 'source')
  const targetIds = await idDrawer(weights, 'target')
  return Array.from({ length: batch }, (_, row) => ({
    sourceIds: sourceIds(source),
    // Of a span: where it begins and ends, past the question.
    targetIds: kind === 'extractive' ? [32 + row, 36 + 2 * row] : targetIds(target),
    ...(kind === 'extractive' ? { contextStart: 16 } : {}),
  }))
}

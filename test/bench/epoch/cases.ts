import { fileURLToPath } from 'node:url'
import { idDrawer } from '../random-ids.ts'
import type { BenchCase, CaseContext, Side } from '../side.ts'
import type { BenchItem } from '../training/messages.ts'
import { checkSameWork, ourTrainingSide, peftTrainingSide } from '../training/sides.ts'
import type { BenchLora, PeftRecipe, TrainingWork, TurnPlan } from '../training/sides.ts'
import type { PublishedShape } from '../write-random-model.ts'
import { countLengths, keptLengths } from './lengths.ts'
import { sliceEpoch } from './slices.ts'

interface EpochWork {
  readonly shape: PublishedShape
  readonly kind: TrainingWork['kind']
  readonly lora: BenchLora
  readonly batchSize: number
  /** The lengths to which published scripts pad every batch. */
  readonly pad: NonNullable<PeftRecipe['pad']>
}

const t5 = {
  shape: 'flan-t5-small',
  kind: 'seq2seq',
  batchSize: 8,
  pad: { source: 512, target: 128 },
} as const

/** An epoch of real lengths: as the product trains it, and by three recipes of PEFT. */
export const epochCases: readonly BenchCase[] = [
  epochCase('epoch-t5-qv', { ...t5, lora: { rank: 8, alpha: 16, targets: ['q', 'v'] } }),
  epochCase('epoch-t5-all', { ...t5, lora: { rank: 16, alpha: 32, targets: 'all-linear' } }),
  epochCase('epoch-neo-qv', {
    shape: 'gpt-neo-125m',
    kind: 'causal',
    lora: { rank: 8, alpha: 16, targets: ['q_proj', 'v_proj'] },
    // Padded by PEFT, twice as many take more memory than most machines have.
    batchSize: 4,
    pad: { source: 512 },
  }),
  epochCase('epoch-bert-qv', {
    shape: 'bert-base',
    kind: 'extractive',
    lora: { rank: 8, alpha: 16, targets: ['query', 'value'], save: ['qa_outputs'] },
    batchSize: 8,
    pad: { source: 384 },
  }),
]

function epochCase(name: string, epoch: EpochWork): BenchCase {
  return {
    name,
    work: { what: 'slices of an epoch', ...epoch, dropout: "the model's own" },
    // The first step is the longest: what it takes in memory and compiling is behind every side then.
    warmUps: 0,
    perRound: 1,
    comparedBy: 'examples',
    async sides(context) {
      const { kind, lora, batchSize } = epoch
      const weights = await context.model(epoch.shape)
      const items = await itemsOf(weights, kind, context)
      const work: TrainingWork = { kind, weights, lora, items, batchSize, dropout: null }
      const parts = { work, turns: slicesOf(context), context }
      return [ourTrainingSide('loracle', parts), ...peftSides(parts, epoch.pad)]
    },
    check: (openings) => checkSameWork(openings, { rounded: [], losses: false }),
  }
}

function peftSides(
  parts: { work: TrainingWork; turns: TurnPlan; context: CaseContext },
  pad: EpochWork['pad'],
): readonly Side[] {
  const { peft: python, compile } = parts.context.options
  if (python === null) return []
  const side = (name: string, recipe: PeftRecipe) => peftTrainingSide(name, parts, { python, recipe })
  return [
    side('peft-padded', { order: 'shuffled', pad, compile: false }),
    side('peft-random', { order: 'shuffled', pad: null, compile: false }),
    side('peft-grouped', { order: 'grouped', pad: null, compile: false }),
    // Other shapes in every batch would be compiled one by one.
    ...(compile ? [side('peft-padded-compiled', { order: 'shuffled', pad, compile: true })] : []),
  ]
}

/** A turn is one slice; the first step of all is the epoch's first. */
function slicesOf({ options: { steps: slices, whole, quick } }: CaseContext): TurnPlan {
  return {
    together: true,
    steps(plan, { round }) {
      if (round < 0) return [0]
      const slice = sliceEpoch(plan, { slices, steps: whole ? null : quick ? 1 : 5, seed: 0 })[round] ?? []
      if (slice.length > 0) return slice
      throw new Error(
        `An epoch of ${plan.length} steps is too short for ${slices} slices: take fewer with --steps.`,
      )
    },
  }
}

/** Random ids of the lengths that the case's data have. */
async function itemsOf(
  weights: string,
  kind: TrainingWork['kind'],
  { options: { squad, tokenizer } }: CaseContext,
): Promise<BenchItem[]> {
  const starter = fileURLToPath(new URL('../../../assets/starter', import.meta.url))
  const lengths = await (squad === null ? keptLengths(kind) : countLengths(kind, squad, tokenizer ?? starter))
  const draw = await idDrawer(weights, 'epoch')
  return lengths.map(([source = 1, ...rest]) => {
    const sourceIds = draw(source)
    if (kind !== 'extractive') return { sourceIds, targetIds: draw(rest[0] ?? 1) }
    const [contextStart = 0, ...targetIds] = rest
    return { sourceIds, targetIds, contextStart }
  })
}

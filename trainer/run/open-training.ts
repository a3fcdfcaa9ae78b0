import type { Checkpoint } from '../checkpoint/checkpoint.ts'
import type { LargestBatch } from '../kinds/kind.ts'
import { initializeTrained } from '../lora/initialize.ts'
import type { Trained } from '../lora/trained.ts'
import type { TextModel } from '../open-model.ts'
import { findFrozenBlocks } from '../frozen-blocks.ts'
import type { FrozenBlocks } from '../frozen-blocks.ts'
import { initialAdamW } from '../optim/adamw.ts'
import type { RunPlan } from './run-plan.ts'
import type { Settings } from '../settings.ts'
import { buildTrainingGraph, openTrainingSession } from '../training-session.ts'
import type { TrainingGraphOptions, TrainingSession } from '../training-session.ts'
import { microBatches, microBatchTokens, sizesOfItems } from './micro-batches.ts'
import { openFrozenPrefix } from './frozen-prefix.ts'

/** What a run's training graph is made with. */
export interface TrainingChoice {
  readonly trained: Trained
  readonly settings: Settings
}

/**
 * Builds the graph of a run's training step and loads it. Whoever opens it disposes of it.
 *
 * @param keptIn Where what frozen layers give is kept when memory has no room for it; null for nowhere.
 */
export async function openTraining(
  { model }: Pick<TextModel, 'model'>,
  plan: RunPlan,
  choice: TrainingChoice & { readonly keptIn?: string | null },
): Promise<TrainingSession> {
  const { threads, provider, seed } = choice.settings
  const options = graphOptions(model, choice)
  const blocks = frozenBlocksOf(model, choice)
  const graph = buildTrainingGraph(
    model,
    blocks ? { ...options, replaceBlocks: (next) => blocks.replace(next) } : options,
  )
  const largest = largestBatch(plan, model, choice.settings)
  const session = await openTrainingSession(model, graph, { threads, provider, seed, largest })
  if (!blocks) return session
  try {
    return await openFrozenPrefix(session, model, blocks, { threads, provider, path: choice.keptIn ?? null })
  } catch (thrown) {
    await session.dispose()
    throw thrown
  }
}

/** The frozen blocks that a run computes once for each item; null where there is none, or where they are not kept. */
export function frozenBlocksOf(model: TextModel['model'], choice: TrainingChoice): FrozenBlocks | null {
  return choice.settings.cacheFrozenLayers ? findFrozenBlocks(model, graphOptions(model, choice)) : null
}

/** What a run's settings say of its training graph. */
export function graphOptions(
  { architecture }: Pick<TextModel['model'], 'architecture'>,
  { trained, settings }: TrainingChoice,
): TrainingGraphOptions {
  return {
    trained,
    labelSmoothing: settings.labelSmoothing,
    dropout: settings.dropout ?? architecture.config.dropout,
    loraDropout: settings.loraDropout,
    fusedNorms: settings.provider === 'cpu',
    withGradients: true,
    gradientCheckpointing: settings.gradientCheckpointing,
    targetLength: settings.maxTargetLength,
  }
}

/** Where a new run stands: fresh adapters, the base's own weights where they are trained, and nothing learnt yet. */
export async function firstCheckpoint(
  { model }: TextModel,
  trained: Trained,
  { digest, settings }: { digest: string; settings: Settings },
): Promise<Checkpoint> {
  const parameters = await initializeTrained(model, trained, settings.seed)
  return {
    state: {
      version: 1,
      fingerprint: digest,
      step: 0,
      optimizerStep: 0,
      tokens: 0,
      seconds: 0,
      validatedStep: 0,
      bestStep: 0,
      bestValue: null,
      validationsWithoutGain: 0,
    },
    parameters,
    best: new Map(),
    optimizer: initialAdamW(parameters),
  }
}

/** Sizes that no part of a batch exceeds: the longest source and target of all items, and the rows of a part. */
export function largestBatch(
  { items }: RunPlan,
  { architecture }: Pick<TextModel['model'], 'architecture'>,
  settings: Settings,
): LargestBatch {
  const sizes = sizesOfItems(items)
  const tokens = microBatchTokens(architecture.config, settings)
  // One item more than fits: see `microBatches`.
  const rows = tokens === null ? Infinity : Math.ceil(tokens / sizes.together) + 1
  return { ...sizes, batch: Math.min(settings.batchSize, items.length, rows) }
}

/** The sizes of the part that is fed first, which is about the largest: see `planBatches`. */
export function largestPart(
  plan: RunPlan,
  { architecture }: Pick<TextModel['model'], 'architecture'>,
  settings: Settings,
): LargestBatch {
  const tokens = microBatchTokens(architecture.config, settings)
  const parts = plan.batchesOf(0).flatMap((batch) => microBatches(batch, tokens).map(sizesOfItems))
  const [largest = sizesOfItems([])] = parts.toSorted((a, b) => b.batch * b.together - a.batch * a.together)
  return largest
}

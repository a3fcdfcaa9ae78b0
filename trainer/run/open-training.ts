import type { Checkpoint } from '../checkpoint/checkpoint.ts'
import type { LargestBatch } from '../kinds/kind.ts'
import { initializeTrained } from '../lora/initialize.ts'
import type { Trained } from '../lora/trained.ts'
import type { TextModel } from '../open-model.ts'
import { initialAdamW } from '../optim/adamw.ts'
import type { RunPlan } from './run-plan.ts'
import type { Settings } from '../settings.ts'
import { buildTrainingGraph, openTrainingSession } from '../training-session.ts'
import type { TrainingSession } from '../training-session.ts'

/** Builds the graph of a run's training step and loads it. Whoever opens it disposes of it. */
export function openTraining(
  { model }: TextModel,
  plan: RunPlan,
  { trained, settings }: { readonly trained: Trained; readonly settings: Settings },
): Promise<TrainingSession> {
  const { threads, provider, seed, labelSmoothing, loraDropout } = settings
  const graph = buildTrainingGraph(model, {
    trained,
    labelSmoothing,
    dropout: settings.dropout ?? model.architecture.config.dropout,
    loraDropout,
    fusedNorms: provider === 'cpu',
    withGradients: true,
  })
  const largest = largestBatch(plan, settings)
  return openTrainingSession(model, graph, { threads, provider, seed, largest })
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

/** The longest source and target of all items. */
export function largestBatch({ items }: RunPlan, { batchSize }: Settings): LargestBatch {
  let source = 0
  let target = 0
  let together = 0
  for (const { sourceIds, targetIds } of items) {
    source = Math.max(source, sourceIds.length)
    target = Math.max(target, targetIds.length)
    together = Math.max(together, sourceIds.length + targetIds.length)
  }
  return { batch: Math.min(batchSize, items.length), source, target, together }
}

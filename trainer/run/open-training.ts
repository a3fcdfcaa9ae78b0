import type { Checkpoint } from '../checkpoint/checkpoint.ts'
import { initializeLora } from '../lora/initialize.ts'
import type { LoraTarget } from '../lora/targets.ts'
import { readWeights } from '../models/weights.ts'
import type { TextModel } from '../open-model.ts'
import { initialAdamW } from '../optim/adamw.ts'
import type { RunPlan } from './run-plan.ts'
import type { Settings } from '../settings.ts'
import { buildTrainingGraph, openTrainingSession } from '../training-session.ts'
import type { LargestBatch, TrainingSession } from '../training-session.ts'

/** Builds the graph of a run's training step and loads it. Whoever opens it disposes of it. */
export function openTraining(
  { model }: TextModel,
  plan: RunPlan,
  { targets, settings }: { readonly targets: readonly LoraTarget[] | null; readonly settings: Settings },
): Promise<TrainingSession> {
  const { threads, provider, seed, labelSmoothing, loraDropout } = settings
  const graph = buildTrainingGraph(model, {
    targets,
    labelSmoothing,
    dropout: settings.dropout ?? model.architecture.config.dropout,
    loraDropout,
    fusedNorms: provider === 'cpu',
    withGradients: true,
  })
  const largest = largestBatch(plan, settings)
  return openTrainingSession(model, graph, { threads, provider, seed, largest })
}

/** Where a new run stands: fresh adapters, or the base's own weights, and nothing learnt yet. */
export async function firstCheckpoint(
  { model }: TextModel,
  targets: readonly LoraTarget[] | null,
  { digest, settings }: { digest: string; settings: Settings },
): Promise<Checkpoint> {
  const parameters = targets
    ? initializeLora(targets, settings.seed)
    : await readWeights(model.weights, [...model.architecture.parameters.keys()])
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

/** The longest source and target of any step of the first epoch, which holds every item. */
export function largestBatch(plan: RunPlan, { batchSize }: Settings): LargestBatch {
  let source = 0
  let target = 0
  for (let step = 0; step < plan.stepsPerEpoch; step++)
    for (const { sourceIds, targetIds } of plan.batchesOf(step).flat()) {
      source = Math.max(source, sourceIds.length)
      target = Math.max(target, targetIds.length)
    }
  return { batch: Math.min(batchSize, plan.items), source, target }
}

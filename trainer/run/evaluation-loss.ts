import { padBatch } from '../data/batches.ts'
import type { TrainingItem } from '../data/training-examples.ts'
import { throwIfCancelled } from '../generate/cancel.ts'
import type { LoraTarget } from '../lora/targets.ts'
import type { Model } from '../models/registry.ts'
import type { TextModel } from '../open-model.ts'
import type { Settings } from '../settings.ts'
import { buildTrainingGraph, openTrainingSession } from '../training-session.ts'
import type { TrainableParameters, TrainingSession } from '../training-session.ts'

/**
 * Opens a session for the loss alone: no gradients, no dropout, no smoothing. `targets` are the adapted layers (none
 * for the base model), or null where every weight is fed.
 */
export function openLossSession(
  { model, maxSourceLength }: TextModel,
  targets: readonly LoraTarget[] | null,
  { threads, provider, seed, evaluationBatchSize, maxTargetLength }: Settings,
): Promise<TrainingSession> {
  const graph = buildTrainingGraph(model, {
    targets,
    labelSmoothing: 0,
    dropout: 0,
    loraDropout: 0,
    fusedNorms: provider === 'cpu',
    withGradients: false,
  })
  const largest = { batch: evaluationBatchSize, source: maxSourceLength, target: maxTargetLength }
  return openTrainingSession(model, graph, { threads, provider, seed, largest })
}

/**
 * The mean cross-entropy per label over items, without dropout, in nats. The session's graph holds no gradients.
 *
 * @throws TrainerError `cancelled` where the signal was aborted.
 */
export async function evaluationLoss(
  session: TrainingSession,
  model: Model,
  items: readonly TrainingItem[],
  options: { parameters: TrainableParameters; batchSize: number; signal: AbortSignal },
): Promise<number> {
  const { padTokenId, decoderStartTokenId } = model.architecture.config
  const sorted = items.toSorted((a, b) => b.sourceIds.length - a.sourceIds.length)
  let total = 0
  let labels = 0
  for (let start = 0; start < sorted.length; start += options.batchSize) {
    throwIfCancelled(options.signal)
    const batch = padBatch(sorted.slice(start, start + options.batchSize), {
      padTokenId,
      decoderStartTokenId,
    })
    const { loss } = await session.gradients(options.parameters, batch, { lossScale: 1, step: 0 })
    total += loss
    labels += batch.labels.length
  }
  return labels === 0 ? NaN : total / labels
}

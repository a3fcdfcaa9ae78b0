import { padBatch } from './data/batches.ts'
import type { TrainingItem } from './data/training-examples.ts'
import { throwIfCancelled } from './generate/cancel.ts'
import type { Model } from './models/registry.ts'
import type { TrainableParameters, TrainingSession } from './training-session.ts'

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

import type { Example } from '../data/example.ts'
import { isPassage } from '../data/passages.ts'
import type { TrainingItem } from '../data/training-examples.ts'
import { throwIfCancelled } from '../generate/cancel.ts'
import { kindOf } from '../kinds/kinds.ts'
import type { Trained } from '../lora/trained.ts'
import type { Model } from '../models/registry.ts'
import type { TextModel } from '../open-model.ts'
import { microBatches } from './micro-batches.ts'
import type { Settings } from '../settings.ts'
import { buildTrainingGraph, openTrainingSession } from '../training-session.ts'
import type { TrainableParameters, TrainingSession } from '../training-session.ts'

/**
 * Opens a session for the loss alone: no gradients, no dropout, no smoothing. `trained` says what is fed: nothing for
 * the base model.
 */
export function openLossSession(
  { model, maxSourceLength }: TextModel,
  trained: Trained,
  { threads, provider, seed, evaluationBatchSize, maxTargetLength }: Settings,
): Promise<TrainingSession> {
  const graph = buildTrainingGraph(model, {
    trained,
    labelSmoothing: 0,
    dropout: 0,
    loraDropout: 0,
    fusedNorms: provider === 'cpu',
    withGradients: false,
    targetLength: maxTargetLength,
  })
  const largest = { batch: evaluationBatchSize, source: maxSourceLength, target: maxTargetLength }
  return openTrainingSession(model, graph, { threads, provider, seed, largest })
}

export interface LossOptions {
  readonly parameters: TrainableParameters
  readonly batchSize: number
  /** See `microBatchTokens`. */
  readonly tokensAtATime: number | null
  readonly signal: AbortSignal
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
  options: LossOptions,
): Promise<number> {
  const { total, labels } = await sumLoss(session, model, items, options)
  return labels === 0 ? NaN : total / labels
}

/** The mean loss over items, and over those of them that are plain text, as `exp(loss)`; absent where there is none. */
export interface LossAndPerplexity {
  readonly loss: number
  readonly perplexity?: number
}

/**
 * As `evaluationLoss`, with the perplexity of the plain texts among the examples that the items were made from.
 *
 * @throws TrainerError `cancelled` where the signal was aborted.
 */
export async function lossAndPerplexity(
  session: TrainingSession,
  model: Model,
  { items, examples }: { readonly items: readonly TrainingItem[]; readonly examples: readonly Example[] },
  options: LossOptions,
): Promise<LossAndPerplexity> {
  const isPlain = ({ exampleIndex }: TrainingItem) => {
    const example = examples[exampleIndex]
    return example !== undefined && isPassage(example)
  }
  const passages = items.filter(isPlain)
  if (passages.length === 0) return { loss: await evaluationLoss(session, model, items, options) }
  const plain = await sumLoss(session, model, passages, options)
  const asked = await sumLoss(
    session,
    model,
    items.filter((item) => !isPlain(item)),
    options,
  )
  return {
    loss: (plain.total + asked.total) / (plain.labels + asked.labels),
    perplexity: Math.exp(plain.total / plain.labels),
  }
}

async function sumLoss(
  session: TrainingSession,
  model: Model,
  items: readonly TrainingItem[],
  options: LossOptions,
): Promise<{ readonly total: number; readonly labels: number }> {
  const kind = kindOf(model.architecture)
  const sorted = items.toSorted(
    (a, b) => b.sourceIds.length - a.sourceIds.length || b.targetIds.length - a.targetIds.length,
  )
  let total = 0
  let labels = 0
  for (let start = 0; start < sorted.length; start += options.batchSize) {
    const batch = sorted.slice(start, start + options.batchSize)
    for (const part of microBatches(batch, options.tokensAtATime)) {
      throwIfCancelled(options.signal)
      const feeds = kind.collate(part)
      const { loss } = await session.gradients(options.parameters, feeds, { lossScale: 1, step: 0 })
      total += loss
      labels += feeds.labels
    }
  }
  return { total, labels }
}

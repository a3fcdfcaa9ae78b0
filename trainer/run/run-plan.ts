import { planBatches } from '../data/batches.ts'
import { epochItems, epochSize } from '../data/mixture.ts'
import type { MixtureGroup } from '../data/mixture.ts'
import type { TrainingItem } from '../data/training-examples.ts'
import { TrainerError } from '../errors.ts'
import type { Settings } from '../settings.ts'
import type { MixedDataset } from './prepare-run.ts'

/** Which items each optimiser step sees: a function of the items, the settings and the step alone. */
export interface RunPlan {
  readonly items: readonly TrainingItem[]
  readonly steps: number
  readonly stepsPerEpoch: number
  readonly warmupSteps: number
  /** The epoch of a step, both counted from 0. */
  epochOf(step: number): number
  /** The batches of a step, one for each accumulated pass. */
  batchesOf(step: number): readonly (readonly TrainingItem[])[]
}

/**
 * Plans a run.
 *
 * @param datasets What the items' examples were read from, in their order; one of weight 1 where it is left out.
 * @throws TrainerError `data_empty` where there is nothing to train on.
 */
export function planRun(
  items: readonly TrainingItem[],
  settings: Settings,
  datasets: readonly MixedDataset[] = [],
): RunPlan {
  if (items.length === 0)
    throw new TrainerError(
      'data_empty',
      'No training example is left. Add data, or lower validationFraction.',
    )
  const { batchSize, gradientAccumulationSteps: passes, seed } = settings
  const groups = groupItems(items, datasets)
  const { steps, stepsPerEpoch } = countSteps(epochSize(groups), settings)
  let known = { epoch: -1, batches: [] as readonly (readonly TrainingItem[])[] }
  const epochOf = (step: number) => Math.floor(step / stepsPerEpoch)
  const batchesOfEpoch = (epoch: number) => {
    const drawn = epochItems(groups, { seed, epoch }).flatMap((index) => items[index] ?? [])
    const lengths = drawn.map(({ sourceIds, targetIds }) => ({
      source: sourceIds.length,
      target: targetIds.length,
    }))
    return planBatches(lengths, { batchSize, seed, epoch }).map((indices) =>
      indices.flatMap((index) => drawn[index] ?? []),
    )
  }
  return {
    items,
    steps,
    stepsPerEpoch,
    warmupSteps: Math.round(steps * settings.warmupRatio),
    epochOf,
    batchesOf(step) {
      const epoch = epochOf(step)
      if (known.epoch !== epoch) known = { epoch, batches: batchesOfEpoch(epoch) }
      const first = (step % stepsPerEpoch) * passes
      return known.batches.slice(first, first + passes)
    },
  }
}

/** The items of each dataset; one group where nothing is weighed. */
export function groupItems(
  items: readonly TrainingItem[],
  datasets: readonly MixedDataset[],
): readonly MixtureGroup[] {
  if (datasets.every(({ weight }) => weight === 1)) return [{ items: [...items.keys()], weight: 1 }]
  let end = 0
  return datasets.map(({ weight, examples }) => {
    const start = end
    end += examples
    const mine = [...items.keys()].filter((i) => {
      const example = items[i]?.exampleIndex ?? -1
      return example >= start && example < end
    })
    return { items: mine, weight }
  })
}

/** How many optimiser steps a run has whose epochs draw so many items. */
export function countSteps(
  items: number,
  { batchSize, gradientAccumulationSteps: passes, epochs, maxSteps }: Settings,
): Pick<RunPlan, 'steps' | 'stepsPerEpoch'> {
  const stepsPerEpoch = Math.ceil(Math.ceil(items / batchSize) / passes)
  const wanted = Math.max(1, Math.ceil(epochs * stepsPerEpoch))
  return { steps: Math.min(wanted, maxSteps ?? wanted), stepsPerEpoch }
}

/** Whether a validation follows after `done` steps. */
export function validatesAfter(
  done: number,
  plan: Pick<RunPlan, 'steps' | 'stepsPerEpoch'>,
  evaluateEvery: number,
): boolean {
  return done === plan.steps || done % (evaluateEvery === 0 ? plan.stepsPerEpoch : evaluateEvery) === 0
}

import { planBatches } from '../data/batches.ts'
import type { TrainingItem } from '../data/training-examples.ts'
import { TrainerError } from '../errors.ts'
import type { Settings } from '../settings.ts'

/** Which items each optimiser step sees: a function of the items, the settings and the step alone. */
export interface RunPlan {
  readonly items: number
  readonly steps: number
  readonly stepsPerEpoch: number
  readonly warmupSteps: number
  /** The epoch of a step, both counted from 0. */
  epochOf(step: number): number
  /** The batches of a step, one for each accumulated pass. */
  batchesOf(step: number): readonly (readonly TrainingItem[])[]
}

/** Plans a run. @throws TrainerError `data_empty` where there is nothing to train on. */
export function planRun(items: readonly TrainingItem[], settings: Settings): RunPlan {
  if (items.length === 0)
    throw new TrainerError(
      'data_empty',
      'No training example is left. Add data, or lower validationFraction.',
    )
  const { batchSize, gradientAccumulationSteps: passes, seed } = settings
  const lengths = items.map(({ sourceIds, targetIds }) => ({
    source: sourceIds.length,
    target: targetIds.length,
  }))
  const { steps, stepsPerEpoch } = countSteps(items.length, settings)
  let known = { epoch: -1, batches: [] as readonly (readonly number[])[] }
  const epochOf = (step: number) => Math.floor(step / stepsPerEpoch)
  return {
    items: items.length,
    steps,
    stepsPerEpoch,
    warmupSteps: Math.round(steps * settings.warmupRatio),
    epochOf,
    batchesOf(step) {
      const epoch = epochOf(step)
      if (known.epoch !== epoch) known = { epoch, batches: planBatches(lengths, { batchSize, seed, epoch }) }
      const first = (step % stepsPerEpoch) * passes
      return known.batches
        .slice(first, first + passes)
        .map((indices) => indices.flatMap((index) => items[index] ?? []))
    },
  }
}

/** How many optimiser steps a run over so many items has. */
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

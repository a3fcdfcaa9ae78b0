import type { NamedTensor } from '../checkpoint/safetensors.ts'
import { kindOf } from '../kinds/kinds.ts'
import type { Model } from '../models/registry.ts'
import { adamW } from '../optim/adamw.ts'
import type { AdamWState } from '../optim/adamw.ts'
import { clipFactor } from '../optim/clip.ts'
import { microBatches, microBatchTokens } from './micro-batches.ts'
import type { RunPlan } from './run-plan.ts'
import type { Settings } from '../settings.ts'
import type { Gradients, TrainingSession } from '../training-session.ts'

export interface StepParts {
  readonly model: Model
  readonly session: TrainingSession
  readonly plan: RunPlan
  readonly settings: Settings
}

/** Each pass of each step draws dropout masks of its own. */
const mostPasses = 2 ** 20

/**
 * The gradients of one optimiser step: the mean over all labels of its batches together, which go through the graph in
 * parts (see `microBatches`).
 */
export async function accumulateGradients(
  step: number,
  { plan, session, settings, model }: StepParts,
  parameters: ReadonlyMap<string, NamedTensor>,
): Promise<{ loss: number; gradients: Gradients; tokens: number }> {
  const kind = kindOf(model.architecture)
  const tokensAtATime = microBatchTokens(model.architecture.config, settings)
  const batches = plan
    .batchesOf(step)
    .flatMap((batch) => microBatches(batch, tokensAtATime))
    .map((items) => ({ ...kind.collate(items), items }))
  const lossScale = 1 / batches.reduce((sum, batch) => sum + batch.labels, 0)
  let loss = 0
  let tokens = 0
  let gradients: Gradients | null = null
  for (const [pass, batch] of batches.entries()) {
    const result = await session.gradients(parameters, batch, { lossScale, step: step * mostPasses + pass })
    loss += result.loss
    tokens += batch.tokens
    if (gradients) addInPlace(gradients, result.gradients)
    else gradients = result.gradients
  }
  if (!gradients) throw new Error(`Step ${step} has no batch.`)
  return { loss, gradients, tokens }
}

function addInPlace(sums: Gradients, more: Gradients): void {
  for (const [name, sum] of sums) {
    const values = more.get(name)
    if (values) for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] ?? 0) + (values[i] ?? 0)
  }
}

/** Clips the gradients, whose norm is `gradNorm`, and updates parameters and moments in place. */
export function updateParameters(
  parameters: ReadonlyMap<string, NamedTensor>,
  gradients: Gradients,
  optimizer: AdamWState,
  step: { readonly settings: Settings; readonly learningRate: number; readonly gradNorm: number },
): AdamWState {
  const { settings, learningRate, gradNorm } = step
  return adamW(parameters, gradients, optimizer, {
    beta1: settings.adamBeta1,
    beta2: settings.adamBeta2,
    epsilon: settings.adamEpsilon,
    weightDecay: settings.weightDecay,
    learningRate,
    gradientScale: clipFactor(gradNorm, settings.maxGradNorm),
  })
}

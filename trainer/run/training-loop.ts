import { saveCheckpoint } from '../checkpoint/checkpoint.ts'
import type { Checkpoint, RunState } from '../checkpoint/checkpoint.ts'
import type { NamedTensor } from '../checkpoint/safetensors.ts'
import type { TrainerContext } from '../context.ts'
import { TrainerError } from '../errors.ts'
import { processorMeter, residentMb } from '../memory.ts'
import type { LossAndPerplexity } from './evaluation-loss.ts'
import type { MetricsFile } from './metrics-file.ts'
import { globalNorm } from '../optim/clip.ts'
import { learningRateAt } from '../optim/schedule.ts'
import type { Scores, TrainResult } from '../protocol.ts'
import { RunClock } from './run-clock.ts'
import { validatesAfter } from './run-plan.ts'
import type { Settings } from '../settings.ts'
import { accumulateGradients, updateParameters } from './training-step.ts'
import type { StepParts } from './training-step.ts'

/** Measures the validation split with the parameters as they are; the smaller `value` is the better. */
export type Validate = (
  parameters: ReadonlyMap<string, NamedTensor>,
) => Promise<LossAndPerplexity & { readonly scores: Scores | null; readonly value: number }>

export interface LoopParts extends StepParts {
  readonly runDir: string
  readonly metrics: MetricsFile
  /** Null where there is nothing to validate on. */
  readonly validate: Validate | null
  readonly context: TrainerContext
}

export interface LoopResult {
  readonly stopped: TrainResult['stopped']
  readonly checkpoint: Checkpoint
  readonly clock: RunClock
}

/**
 * Trains from a checkpoint (of step 0 for a new run) to the end of the plan, to an early stop, or until asked to
 * stop; then saves where it stands. Asked to keep before there is anything to keep, it is cancelled. On the CPU the course is a function of the checkpoint alone.
 *
 * @throws TrainerError `loss_not_finite`; what was saved before stays.
 */
export async function trainToEnd(start: Checkpoint, parts: LoopParts): Promise<LoopResult> {
  const { plan, settings, runDir, context, metrics, validate } = parts
  const clock = new RunClock(start.state.tokens, start.state.seconds)
  const { parameters } = start
  let { state, best, optimizer } = start
  let saved = start.state.step
  const save = async () => {
    state = { ...state, optimizerStep: optimizer.step, tokens: clock.tokens, seconds: clock.seconds }
    await metrics.save()
    const path = await saveCheckpoint(runDir, { state, parameters, best, optimizer })
    saved = state.step
    context.report({ type: 'checkpoint', step: state.step, path })
  }
  const finish = async (stopped: LoopResult['stopped']): Promise<LoopResult> => {
    if (saved !== state.step || saved === 0) await save()
    return { stopped, checkpoint: { state, parameters, best, optimizer }, clock }
  }
  /** What the host's wish to stop, if there is one, means at this step. */
  const asked = (): 'cancelled' | 'kept' | null => {
    if (context.stop.aborted) return 'cancelled'
    if (!context.keep.aborted) return null
    return state.step === 0 ? 'cancelled' : 'kept'
  }
  /** Validates where it is due and was not yet done; false where it was cut short, to be done on going on. */
  const validated = async (): Promise<boolean> => {
    const due = state.step > state.validatedStep && validatesAfter(state.step, plan, settings.evaluateEvery)
    if (!validate || !due) return true
    context.report({ type: 'phase', phase: 'validating' })
    const measured = await validate(parameters).catch((thrown: unknown) => {
      if (thrown instanceof TrainerError && thrown.code === 'cancelled') return null
      throw thrown
    })
    if (!measured) return false
    const { scores, value, ...losses } = measured
    const better = state.bestValue === null || value < state.bestValue
    if (better) best = copyOf(parameters)
    state = {
      ...state,
      validatedStep: state.step,
      bestStep: better ? state.step : state.bestStep,
      bestValue: better ? value : state.bestValue,
      validationsWithoutGain: better ? 0 : state.validationsWithoutGain + 1,
    }
    const validation = { type: 'validation', step: state.step, ...losses, scores, best: better } as const
    context.report(validation)
    await metrics.append(validation)
    context.report({ type: 'phase', phase: 'training' })
    return true
  }

  const processorPercent = processorMeter()
  if (!(await validated())) return finish(asked() ?? 'cancelled')
  while (state.step < plan.steps) {
    const wish = asked()
    if (wish) return finish(wish)
    if (stopsEarly(state, settings)) return finish('early-stopping')
    const began = performance.now()
    const { loss, gradients, tokens } = await accumulateGradients(state.step, parts, parameters)
    const gradNorm = globalNorm(gradients)
    if (!Number.isFinite(loss) || !Number.isFinite(gradNorm)) throw notFinite(state.step + 1, saved, settings)
    const learningRate = learningRateAt(state.step, { ...settings, ...plan })
    optimizer = updateParameters(parameters, gradients, optimizer, { settings, learningRate, gradNorm })
    state = { ...state, step: state.step + 1 }
    clock.count(tokens, (performance.now() - began) / 1000)
    const report = {
      type: 'step',
      step: state.step,
      steps: plan.steps,
      epoch: state.step / plan.stepsPerEpoch,
      loss,
      learningRate,
      gradNorm,
      tokensPerSecond: clock.tokensPerSecond,
      elapsedSeconds: clock.seconds,
      secondsLeft: clock.secondsFor(plan.steps - state.step),
      rssMb: residentMb(),
      processorPercent: processorPercent(),
    } as const
    context.report(report)
    await metrics.append(report)

    if (!(await validated())) return finish(asked() ?? 'cancelled')
    if (state.step % settings.saveEvery === 0) await save()
  }
  return finish('finished')
}

function copyOf(parameters: ReadonlyMap<string, NamedTensor>): Map<string, NamedTensor> {
  return new Map([...parameters].map(([name, { shape, data }]) => [name, { shape, data: data.slice() }]))
}

function stopsEarly(state: RunState, { earlyStoppingPatience }: Settings): boolean {
  return earlyStoppingPatience !== null && state.validationsWithoutGain >= earlyStoppingPatience
}

function notFinite(step: number, saved: number, { learningRate }: Settings): TrainerError {
  const kept = saved > 0 ? ` The checkpoint of step ${saved} is kept.` : ''
  return new TrainerError(
    'loss_not_finite',
    `The loss is not a number at step ${step}: the learning rate ${learningRate} is too high for this model. Start again with a tenth of it (--set learningRate=${Number((learningRate / 10).toPrecision(3))}).${kept}`,
    { step, learningRate },
  )
}

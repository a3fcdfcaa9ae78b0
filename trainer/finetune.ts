import { loadCheckpoint } from './checkpoint/checkpoint.ts'
import type { Checkpoint } from './checkpoint/checkpoint.ts'
import type { TrainerContext } from './context.ts'
import { TrainerError } from './errors.ts'
import { initializeLora } from './lora/initialize.ts'
import { chooseTargets } from './lora/targets.ts'
import type { LoraTarget } from './lora/targets.ts'
import { peakResidentMb } from './memory.ts'
import { openMetrics } from './run/metrics-file.ts'
import { readWeights } from './models/weights.ts'
import { openTextModel } from './open-model.ts'
import type { TextModel } from './open-model.ts'
import { initialAdamW } from './optim/adamw.ts'
import { checkSettings, fingerprint, readRunData, tokenizeExamples } from './run/prepare-run.ts'
import type { Phase, TrainCommand, TrainResult } from './protocol.ts'
import { requireProvider } from './provider-check.ts'
import { planRun } from './run/run-plan.ts'
import type { RunPlan } from './run/run-plan.ts'
import { saveResult } from './run/save-result.ts'
import { answerTests, compareAnswers, scoreEach, scoreTogether } from './run/test-scores.ts'
import { trainToEnd } from './run/training-loop.ts'
import type { LoopResult } from './run/training-loop.ts'
import { buildTrainingGraph, openTrainingSession } from './training-session.ts'
import type { LargestBatch } from './training-session.ts'
import { openValidation } from './run/validation.ts'

/**
 * THE recipe: a whole run from files to a scored adapter. Reads the data and the model, scores the base model on
 * the test sets, trains, keeps the best checkpoint, saves it, and scores again. A run that was stopped or killed
 * goes on from its newest checkpoint (`resume`) and, on the CPU, ends with the same bytes.
 *
 * @throws TrainerError as the parts do. Being stopped is a result, not an error.
 */
export async function finetune(command: TrainCommand, context: TrainerContext): Promise<TrainResult> {
  const { settings, runDir } = command
  const enter = (phase: Phase) => {
    context.report({ type: 'phase', phase })
  }

  enter('loading')
  await requireProvider(settings.provider)
  const text = await openTextModel(command.model, null, settings)
  checkSettings(text, settings)

  enter('preparing')
  const data = await readRunData(command, context)
  const prepared = tokenizeExamples(text, data.train, settings)
  const plan = planRun(prepared.items, settings)
  const targets = settings.method === 'lora' ? chooseTargets(text.model.architecture.linears, settings) : null
  const digest = await fingerprint(command, text)
  const start =
    (command.resume ? await loadCheckpoint(runDir, digest) : null) ??
    (await firstCheckpoint(text, targets, { digest, settings }))
  const parameterCount = [...start.parameters.values()].reduce((sum, { data }) => sum + data.length, 0)
  context.report({
    type: 'prepared',
    trainExamples: data.train.length,
    validationExamples: data.validation.length,
    windows: prepared.items.length,
    windowsLeftOut: prepared.windowsLeftOut,
    answersCut: prepared.answersCut,
    questionsCut: prepared.questionsCut,
    steps: plan.steps,
    epochs: plan.steps / plan.stepsPerEpoch,
    trainableParameters: parameterCount,
    totalParameters: text.model.parameterCount + (targets ? parameterCount : 0),
  })

  const outcome = (loop: LoopResult | null, result: Partial<TrainResult>): TrainResult => ({
    type: 'result',
    kind: 'train',
    runDir,
    adapter: '',
    stopped: 'cancelled',
    step: loop?.checkpoint.state.step ?? start.state.step,
    steps: plan.steps,
    bestStep: loop?.checkpoint.state.bestStep ?? start.state.bestStep,
    seconds: loop?.clock.seconds ?? start.state.seconds,
    tokensPerSecond: loop?.clock.meanTokensPerSecond ?? 0,
    peakRssMb: peakResidentMb(),
    before: null,
    after: null,
    tests: [],
    comparisons: [],
    ...result,
  })

  let loop: LoopResult | null = null
  try {
    enter('scoring-before')
    const scoring = { settings, context }
    const before = await answerTests(text, data.tests, { ...scoring, adapter: null, phase: 'scoring-before' })

    enter('training')
    loop = await train(command, { text, plan, targets, start, validation: data.validation, context })
    const { checkpoint, stopped } = loop
    if (stopped === 'cancelled') return outcome(loop, { before: scoreTogether(data.tests, before) })

    enter('saving')
    const parameters = checkpoint.state.bestStep > 0 ? checkpoint.best : checkpoint.parameters
    const saved = await saveResult(runDir, text.model, { parameters, targets, settings })

    enter('scoring-after')
    const tuned = targets ? text : await openTextModel(saved, null, settings)
    const adapter = targets ? { targets, parameters } : null
    const after = await answerTests(tuned, data.tests, { ...scoring, adapter, phase: 'scoring-after' })
    return outcome(loop, {
      adapter: saved,
      stopped,
      before: scoreTogether(data.tests, before),
      after: scoreTogether(data.tests, after),
      tests: scoreEach(data.tests, before, after),
      comparisons: compareAnswers(data.tests, before, after),
    })
  } catch (thrown) {
    if (thrown instanceof TrainerError && thrown.code === 'cancelled') return outcome(loop, {})
    throw thrown
  }
}

interface TrainParts {
  readonly text: TextModel
  readonly plan: RunPlan
  readonly targets: readonly LoraTarget[] | null
  readonly start: Checkpoint
  readonly validation: Parameters<typeof openValidation>[1]
  readonly context: TrainerContext
}

/** Opens the sessions, trains, and closes them: scoring wants the memory. */
async function train({ settings, runDir }: TrainCommand, parts: TrainParts): Promise<LoopResult> {
  const { text, plan, targets, start, context } = parts
  const { threads, provider, seed, labelSmoothing, loraDropout } = settings
  const graph = buildTrainingGraph(text.model, {
    targets,
    labelSmoothing,
    dropout: settings.dropout ?? text.model.architecture.config.dropout,
    loraDropout,
    fusedNorms: provider === 'cpu',
    withGradients: true,
  })
  const largest = largestBatch(plan, settings)
  const session = await openTrainingSession(text.model, graph, { threads, provider, seed, largest })
  try {
    const validation = await openValidation(text, parts.validation, { settings, targets, context })
    try {
      return await trainToEnd(start, {
        model: text.model,
        session,
        plan,
        settings,
        runDir,
        metrics: await openMetrics(runDir, start.state.step),
        validate: validation?.validate ?? null,
        context,
      })
    } finally {
      await validation?.dispose()
    }
  } finally {
    await session.dispose()
  }
}

/** Where a new run stands: fresh adapters, or the base's own weights, and nothing learnt yet. */
async function firstCheckpoint(
  { model }: TextModel,
  targets: readonly LoraTarget[] | null,
  { digest, settings }: { digest: string; settings: TrainCommand['settings'] },
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
function largestBatch(plan: RunPlan, { batchSize }: TrainCommand['settings']): LargestBatch {
  let source = 0
  let target = 0
  for (let step = 0; step < plan.stepsPerEpoch; step++)
    for (const { sourceIds, targetIds } of plan.batchesOf(step).flat()) {
      source = Math.max(source, sourceIds.length)
      target = Math.max(target, targetIds.length)
    }
  return { batch: Math.min(batchSize, plan.items), source, target }
}

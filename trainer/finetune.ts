import { join } from 'node:path'
import { loadCheckpoint } from './checkpoint/checkpoint.ts'
import type { Checkpoint } from './checkpoint/checkpoint.ts'
import type { TrainerContext } from './context.ts'
import { labelsOf } from './data/labels.ts'
import { TrainerError } from './errors.ts'
import { trainedShapes } from './lora/initialize.ts'
import { addedParameters, chooseTrained } from './lora/trained.ts'
import type { Trained } from './lora/trained.ts'
import { peakResidentMb } from './memory.ts'
import { openMetrics } from './run/metrics-file.ts'
import { holdText, openTextModel } from './open-model.ts'
import type { HeldText, TextModel } from './open-model.ts'
import { firstCheckpoint, frozenBlocksOf, openTraining } from './run/open-training.ts'
import { checkSettings, fingerprint, readRunData, saveProblems, tokenizeExamples } from './run/prepare-run.ts'
import type { Phase, TrainCommand, TrainResult } from './protocol.ts'
import { requireProvider } from './provider-check.ts'
import { removeResultFile, saveResultFile } from './run/result-file.ts'
import { planRun } from './run/run-plan.ts'
import type { RunPlan } from './run/run-plan.ts'
import { saveResult } from './run/save-result.ts'
import { loadScoresBefore, saveScoresBefore } from './run/scores-before.ts'
import { answerTests, compareAnswers, scoreEach, scoredReport, scoreTogether } from './run/test-scores.ts'
import { trainToEnd } from './run/training-loop.ts'
import type { LoopResult } from './run/training-loop.ts'
import { trainedAdapter } from './run/trained-adapter.ts'
import { saveAnswerRule, tuneAnswerRule } from './run/tune-answer-rule.ts'
import { openValidation } from './run/validation.ts'

/**
 * THE recipe: a whole run from files to a scored adapter. Reads the data and the model, scores the base model on
 * the test sets, trains, keeps the best checkpoint, saves it, and scores again. A run that was stopped or killed
 * goes on from its newest checkpoint (`resume`) and, on the CPU, ends with the same bytes. How it ended is kept in
 * the run folder's `result.json`.
 *
 * @throws TrainerError as the parts do. Being stopped is a result, not an error.
 */
export async function finetune(command: TrainCommand, context: TrainerContext): Promise<TrainResult> {
  const result = await trainAndScore(command, context)
  // A run that was stopped before there was anything to go on from leaves nothing.
  if (result.stopped !== 'cancelled' || result.step > 0) await saveResultFile(result)
  return result
}

async function trainAndScore(command: TrainCommand, context: TrainerContext): Promise<TrainResult> {
  const { settings, runDir } = command
  const enter = (phase: Phase) => {
    context.report({ type: 'phase', phase })
  }

  enter('loading')
  await requireProvider(settings)
  const text = await openTextModel(command.model, null, settings)
  checkSettings(text, settings)

  enter('preparing')
  const data = await readRunData(command, context)
  const labels = labelsOf(data.train)
  await saveProblems(runDir, data.problems)
  const prepared = tokenizeExamples(text, data.train, settings)
  const plan = planRun(prepared.items, settings, data.datasets)
  const trained = chooseTrained(text.model.architecture, settings)
  const digest = await fingerprint(command, text)
  const start =
    (command.resume
      ? await loadCheckpoint(runDir, digest, {
          steps: plan.steps,
          shapes: trainedShapes(text.model.architecture, trained),
        })
      : null) ?? (await firstCheckpoint(text, trained, { digest, settings }))
  const parameterCount = [...start.parameters.values()].reduce((sum, { data }) => sum + data.length, 0)
  context.report({
    type: 'prepared',
    trainExamples: data.train.length,
    validationExamples: data.validation.length,
    windows: prepared.items.length,
    windowsLeftOut: prepared.windowsLeftOut,
    answersCut: prepared.answersCut,
    questionsCut: prepared.questionsCut,
    inputsCut: prepared.inputsCut,
    steps: plan.steps,
    epochs: plan.steps / plan.stepsPerEpoch,
    trainableParameters: parameterCount,
    totalParameters: text.model.parameterCount + addedParameters(trained),
    frozenBlocks: frozenBlocksOf(text.model, { trained, settings })?.count ?? 0,
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

  await removeResultFile(runDir)
  let loop: LoopResult | null = null
  let held: HeldText | null = null
  try {
    held = await holdText(text, settings, { folder: runDir, signal: context.stop })
    const base = held.text
    enter('scoring-before')
    const key = { digest, tests: data.tests }
    const known = command.resume ? await loadScoresBefore(runDir, key) : null
    const scoring = { settings, context, signal: context.stop }
    const before =
      known ??
      (await answerTests(base, data.tests, {
        ...scoring,
        // Without a step done there is nothing to keep, and the wish to keep ends the run.
        signal: start.state.step > 0 ? context.stop : AbortSignal.any([context.stop, context.keep]),
        adapter: null,
        phase: 'scoring-before',
      }))
    if (!known && data.tests.length > 0) await saveScoresBefore(runDir, key, before)
    context.report(scoredReport('before', data.tests, before, labels))

    enter('training')
    loop = await train(command, { text: base, plan, trained, start, validation: data.validation, context })
    const { checkpoint, stopped } = loop
    if (stopped === 'cancelled') return outcome(loop, { before: scoreTogether(data.tests, before, labels) })

    enter('saving')
    const parameters = checkpoint.state.bestStep > 0 ? checkpoint.best : checkpoint.parameters
    const saved = await saveResult(runDir, text.model, { parameters, trained, settings })

    const plain = trainedAdapter(trained, parameters)
    const untuned = plain ? base : await openTextModel(saved, null, settings)
    const answerRule = await tuneAnswerRule(untuned, plain, data, { settings, context })
    if (answerRule) await saveAnswerRule(saved, answerRule)

    enter('scoring-after')
    const adapter = plain && answerRule ? { ...plain, answerRule } : plain
    const tuned = { ...untuned, answerRule }
    const after = await answerTests(tuned, data.tests, { ...scoring, adapter, phase: 'scoring-after' })
    context.report(scoredReport('after', data.tests, after, labels))
    return outcome(loop, {
      adapter: saved,
      stopped,
      before: scoreTogether(data.tests, before, labels),
      after: scoreTogether(data.tests, after, labels),
      tests: scoreEach(data.tests, before, after, labels),
      comparisons: compareAnswers(data.tests, before, after, labels),
    })
  } catch (thrown) {
    if (thrown instanceof TrainerError && thrown.code === 'cancelled') return outcome(loop, {})
    throw thrown
  } finally {
    await held?.dispose()
  }
}

interface TrainParts {
  readonly text: TextModel
  readonly plan: RunPlan
  readonly trained: Trained
  readonly start: Checkpoint
  readonly validation: Parameters<typeof openValidation>[1]
  readonly context: TrainerContext
}

/** Opens the sessions, trains, and closes them: scoring wants the memory. */
async function train({ settings, runDir }: TrainCommand, parts: TrainParts): Promise<LoopResult> {
  const { text, plan, trained, start, context } = parts
  const keptIn = join(runDir, 'frozen-layers.bin')
  const session = await openTraining(text, plan, { trained, settings, keptIn })
  try {
    const metrics = await openMetrics(runDir, start.state)
    const validation = openValidation(text, parts.validation, { settings, trained, context })
    try {
      return await trainToEnd(start, {
        model: text.model,
        session,
        plan,
        settings,
        runDir,
        metrics,
        validate: validation?.validate ?? null,
        context,
      })
    } finally {
      await metrics.close()
      await validation?.dispose()
    }
  } finally {
    await session.dispose()
  }
}

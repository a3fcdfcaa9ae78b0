import { openAnswering } from './answer.ts'
import type { TrainerContext } from './context.ts'
import { askedExamples } from './data/passages.ts'
import { seededRandom, shuffled } from './data/random.ts'
import { addedParameters, chooseTrained } from './lora/trained.ts'
import type { Trained } from './lora/trained.ts'
import { peakResidentMb } from './memory.ts'
import { holdText, openTextModel } from './open-model.ts'
import type { TextModel } from './open-model.ts'
import type { EstimateCommand, EstimateResult, Phase } from './protocol.ts'
import { requireProvider } from './provider-check.ts'
import { openLossSession } from './run/evaluation-loss.ts'
import { measureAnswers, measureLoss, measureStep } from './run/measure.ts'
import { estimateMemoryMb } from './run/memory-estimate.ts'
import { microBatchTokens } from './run/micro-batches.ts'
import { firstCheckpoint, largestPart, openTraining } from './run/open-training.ts'
import { checkSettings, readRunData, tokenizeExamples } from './run/prepare-run.ts'
import type { RunData } from './run/prepare-run.ts'
import { trainedAdapter } from './run/trained-adapter.ts'
import { countSteps, planRun, validatesAfter } from './run/run-plan.ts'
import type { RunPlan } from './run/run-plan.ts'

/** Examples that are tokenised; of larger data a sample stands for the rest. */
const sampledExamples = 3000
const stepBudgetSeconds = 3
const answerBudgetSeconds = 1

/**
 * What a run of these settings would take here: opens model and data as `finetune` does, times a few real steps,
 * validation batches and answers, and extrapolates. An early stop, which nobody can foresee, is not counted.
 *
 * @throws TrainerError as the parts do; `cancelled` where it was stopped.
 */
export async function estimate(command: EstimateCommand, context: TrainerContext): Promise<EstimateResult> {
  const started = performance.now()
  const { settings } = command
  const enter = (phase: Phase) => {
    context.report({ type: 'phase', phase })
  }
  const loading = stopwatch()

  enter('loading')
  await loading.time(() => requireProvider(settings))
  const opened = await loading.time(() => openTextModel(command.model, null, settings))
  checkSettings(opened, settings)
  const held = await loading.time(() => holdText(opened, settings, { folder: null, signal: context.stop }))
  try {
    const figures = await measureRun(held.text, { command, context, loading, enter })
    return { ...figures, seconds: (performance.now() - started) / 1000 }
  } finally {
    await held.dispose()
  }
}

interface MeasureRunParts {
  readonly command: EstimateCommand
  readonly context: TrainerContext
  readonly loading: Stopwatch
  readonly enter: (phase: Phase) => void
}

async function measureRun(
  text: TextModel,
  { command, context, loading, enter }: MeasureRunParts,
): Promise<Omit<EstimateResult, 'seconds'>> {
  const { settings } = command
  enter('preparing')
  const data = await loading.time(() => readRunData(command, context))
  const train = await loading.time(() => sampleItems(text, data.train, settings))
  loading.seconds += train.secondsLeftOut
  const plan = planRun(train.items, settings)
  const whole = countSteps(Math.round(train.items.length * train.scale * meanWeight(data)), settings)
  const trained = chooseTrained(text.model.architecture, settings)
  const checkpoint = await firstCheckpoint(text, trained, { digest: '', settings })
  const trainable = [...checkpoint.parameters.values()].reduce((sum, { data: { length } }) => sum + length, 0)
  const { parameterCount } = text.model

  enter('training')
  const session = await loading.time(() => openTraining(text, plan, { trained, settings }))
  let secondsPerStep: number
  let secondsPerValidation: number
  try {
    const parts = { model: text.model, session, plan, settings }
    const budget = { signal: context.stop, budgetSeconds: stepBudgetSeconds }
    secondsPerStep = await measureStep(parts, checkpoint, budget)
    secondsPerValidation = await measureValidation({ text, data, trained, command, context, loading })
  } finally {
    await session.dispose()
  }

  enter('scoring-before')
  const questions = data.tests.flatMap((test) => test.examples)
  // The tuned model's answers take about as long as the base model's.
  const secondsScoring =
    2 *
    (await timeAnswers(questions, {
      text,
      trained: { ...trained, targets: [] },
      command,
      context,
      loading,
      sessions: 2,
    }))

  const validations = data.validation.length === 0 ? 0 : countValidations(whole, settings.evaluateEvery)
  return {
    type: 'result',
    kind: 'estimate',
    steps: whole.steps,
    stepsPerEpoch: whole.stepsPerEpoch,
    trainExamples: data.train.length,
    validationExamples: data.validation.length,
    testExamples: questions.length,
    windows: Math.round(train.items.length * train.scale),
    validations,
    secondsPerStep,
    secondsPerValidation,
    secondsScoring,
    secondsLoading: loading.seconds,
    totalSeconds:
      loading.seconds + whole.steps * secondsPerStep + validations * secondsPerValidation + secondsScoring,
    memoryMb: estimateMemoryMb({
      model: text.model,
      parameterCount,
      trained,
      largest: largestPart(plan, text.model, settings),
      validates: data.validation.length > 0,
      answers: questions.length > 0,
      settings,
    }),
    peakRssMb: peakResidentMb(),
    trainableParameters: trainable,
    totalParameters: parameterCount + addedParameters(trained),
  }
}

/** How many times an epoch goes through an example, on average. */
function meanWeight({ datasets, train }: RunData): number {
  const drawn = datasets.reduce((sum, { weight, examples }) => sum + weight * examples, 0)
  return train.length === 0 ? 1 : drawn / train.length
}

interface MeasureParts {
  readonly text: TextModel
  readonly trained: Trained
  readonly command: EstimateCommand
  readonly context: TrainerContext
  readonly loading: Stopwatch
}

/** The seconds of one validation: the loss, and where F1 decides also the answers. */
async function measureValidation({
  data,
  ...parts
}: MeasureParts & { readonly data: RunData }): Promise<number> {
  const { text, trained, command, context, loading } = parts
  const { settings } = command
  const { items, scale } = sampleItems(text, data.validation, settings)
  if (items.length === 0) return 0
  const { parameters } = await firstCheckpoint(text, trained, { digest: '', settings })
  const session = await loading.time(() => openLossSession(text, trained, settings))
  try {
    const loss = await measureLoss(session, text, items, {
      parameters,
      batchSize: settings.evaluationBatchSize,
      tokensAtATime: microBatchTokens(text.model.architecture.config, settings),
      signal: context.stop,
      budgetSeconds: answerBudgetSeconds,
    })
    const answers =
      settings.bestMetric === 'f1'
        ? await timeAnswers(askedExamples(data.validation), { ...parts, sessions: 1 })
        : 0
    return loss * scale + answers
  } finally {
    await session.dispose()
  }
}

/** The seconds of answering questions once; loading counts for as many `sessions` as the run opens. */
async function timeAnswers(
  questions: RunData['validation'],
  parts: MeasureParts & { readonly sessions: number },
): Promise<number> {
  const { text, trained, command, context, loading, sessions } = parts
  if (questions.length === 0) return 0
  const adapter = trained.targets.length > 0 ? await freshAdapter(parts) : null
  const opening = stopwatch()
  const session = await opening.time(() => openAnswering(text, [adapter], command.settings))
  loading.seconds += sessions * opening.seconds
  try {
    return await measureAnswers(session, text, questions, {
      settings: command.settings,
      adapter,
      signal: context.stop,
      budgetSeconds: answerBudgetSeconds,
    })
  } finally {
    await session.dispose()
  }
}

async function freshAdapter({ text, trained, command }: MeasureParts) {
  const { parameters } = await firstCheckpoint(text, trained, { digest: '', settings: command.settings })
  return trainedAdapter(trained, parameters)
}

/** Tokenises examples, or of many a sample; `scale` is how many times as many the whole has. */
function sampleItems(text: TextModel, examples: RunData['train'], settings: EstimateCommand['settings']) {
  const many = examples.length > sampledExamples
  const sample = many
    ? shuffled([...examples], seededRandom(settings.seed, 'estimate')).slice(0, sampledExamples)
    : examples
  const started = performance.now()
  const { items } = tokenizeExamples(text, sample, settings)
  const scale = many ? examples.length / sample.length : 1
  return { items, scale, secondsLeftOut: ((scale - 1) * (performance.now() - started)) / 1000 }
}

function countValidations(plan: Pick<RunPlan, 'steps' | 'stepsPerEpoch'>, evaluateEvery: number): number {
  let count = 0
  for (let done = 1; done <= plan.steps; done++) if (validatesAfter(done, plan, evaluateEvery)) count++
  return count
}

interface Stopwatch {
  seconds: number
  /** Adds the time of some work. */
  time<T>(work: () => T | Promise<T>): Promise<T>
}

function stopwatch(): Stopwatch {
  const watch: Stopwatch = {
    seconds: 0,
    async time(work) {
      const start = performance.now()
      const result = await work()
      watch.seconds += (performance.now() - start) / 1000
      return result
    },
  }
  return watch
}

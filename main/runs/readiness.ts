import { cpus } from 'node:os'
import { parseSettings } from '../../trainer/protocol.ts'
import type { Settings } from '../../trainer/protocol.ts'
import type { ModelInfo } from '../contract/models.ts'
import type { Estimate, Readiness } from '../contract/runs.ts'
import { errorValueOf } from '../trainers/error-value.ts'
import { trainingMemoryMb } from '../trainers/training-memory.ts'
import type { ProjectData } from './project-data.ts'

export interface ReadinessParts {
  readonly data: ProjectData
  readonly model: ModelInfo | null
  readonly settings: Readonly<Record<string, unknown>>
  readonly memory: { readonly freeMb: number; readonly totalMb: number }
  /** A measurement for the same model, data and settings. */
  readonly time: Estimate | null
  /** Runs that are at work or wait. */
  readonly before: number
}

/** Tokens that a word of English takes, roughly. */
const tokensPerWord = 1.4
const fewExamples = 20
const defaultWindow = 512

/** Says whether a run can start, what it will take, and what should be known before. */
export function judgeReadiness(parts: ReadinessParts): Readiness {
  const { data, model, memory, time } = parts
  const checked = checkSettings(parts.settings)
  const settings = checked.settings ?? parseSettings({})
  const problems = [
    ...dataProblems(data, settings),
    ...modelProblems(model),
    ...formProblems(data, model),
    ...passageProblems(model, settings),
  ]
  if (checked.problem !== null) problems.push({ message: checked.problem, step: 'train' })
  const steps = time?.steps ?? (settings.trainOnPassages ? null : plannedSteps(data.counts.train, settings))
  const neededMb = time?.memoryMb ?? neededMemory(data, model, settings)
  return {
    ready: problems.length === 0,
    problems,
    warnings: warningsOf(parts, settings),
    examples: data.counts,
    batchSize: settings.batchSize,
    steps,
    epochs: settings.epochs,
    device: parts.settings['provider'] === 'auto' ? undecidedDevice : deviceOf(settings),
    memory: { neededMb, ...memory, verdict: verdictOf(neededMb, memory) },
    time,
  }
}

/** The settings of a run of a project: its validation examples are a split of the project, never drawn by the run. */
export function runSettings(settings: Readonly<Record<string, unknown>>): Settings {
  return parseSettings({ ...settings, validationFraction: 0 })
}

function checkSettings(given: Readonly<Record<string, unknown>>): {
  readonly settings: Settings | null
  readonly problem: string | null
} {
  try {
    return { settings: runSettings(given), problem: null }
  } catch (thrown) {
    return { settings: null, problem: errorValueOf(thrown).message }
  }
}

type Problem = Readiness['problems'][number]

function dataProblems({ counts, passages }: ProjectData, { trainOnPassages }: Settings): Problem[] {
  const held = counts.validation + counts.test
  if (counts.train > 0 || (trainOnPassages && passages > 0)) return []
  const message =
    held === 0
      ? 'There are no questions with answers yet. Import a dataset, or mark answers in your documents.'
      : 'All examples are held out for validation or test, and none is left to train on. Change the splits, or add data.'
  return [{ message, step: 'data' }]
}

function modelProblems(model: ModelInfo | null): Problem[] {
  if (!model) return [{ message: 'No model is chosen yet. Choose one.', step: 'model' }]
  if (model.usable) return []
  const why = model.reason ?? 'It cannot be trained.'
  return [{ message: `${model.name} cannot be used: ${why}`, step: 'model' }]
}

/** A model that marks answers has no use for examples whose answer does not stand in their text. */
function formProblems({ counts, tasks }: ProjectData, model: ModelInfo | null): Problem[] {
  if (model?.kind !== 'extractive' || tasks === 0 || tasks < counts.train) return []
  const message = `${model.name} marks answers in a text, and all training examples are tasks, whose answers do not stand in theirs. Choose a T5 or a GPT-Neo.`
  return [{ message, step: 'model' }]
}

/** Only a model that continues a text learns from one that nothing is asked about. */
function passageProblems(model: ModelInfo | null, { trainOnPassages }: Settings): Problem[] {
  if (!trainOnPassages || !model?.usable || model.kind === 'causal') return []
  const message = `${model.name} learns from questions alone. Switch off “Learn the texts too”, or choose a GPT-Neo.`
  return [{ message, step: 'train' }]
}

/** As the trainer plans it, where every example fits the window. */
function plannedSteps(examples: number, settings: Settings): number | null {
  if (examples === 0) return null
  const { batchSize, gradientAccumulationSteps, epochs, maxSteps } = settings
  const stepsPerEpoch = Math.ceil(Math.ceil(examples / batchSize) / gradientAccumulationSteps)
  const wanted = Math.max(1, Math.ceil(epochs * stepsPerEpoch))
  return Math.min(wanted, maxSteps ?? wanted)
}

function windowOf(model: ModelInfo | null, { maxSourceLength }: Settings): number {
  return maxSourceLength ?? model?.maxLength ?? defaultWindow
}

function neededMemory(data: ProjectData, model: ModelInfo | null, settings: Settings): number | null {
  if (!model || data.counts.train === 0) return null
  return trainingMemoryMb({
    parameters: model.parameters,
    batchSize: Math.min(settings.batchSize, data.counts.train),
    sourceLength: Math.min(windowOf(model, settings), Math.ceil(data.longestWords * tokensPerWord) + 8),
    targetLength: Math.min(settings.maxTargetLength, Math.ceil(data.longestAnswerWords * tokensPerWord) + 2),
    method: settings.method,
  })
}

function verdictOf(
  neededMb: number | null,
  { freeMb, totalMb }: ReadinessParts['memory'],
): Readiness['memory']['verdict'] {
  if (neededMb === null) return 'unknown'
  if (neededMb > 0.95 * totalMb) return 'too-much'
  return neededMb > 0.85 * freeMb ? 'tight' : 'fits'
}

/** Nothing was checked on this machine yet. */
const undecidedDevice = 'the fastest that a check at the start finds right'

function deviceOf({ provider, threads }: Settings): string {
  const all = cpus()
  const processor = all[0]?.model.trim() ?? 'processor'
  const names = { cpu: processor, webgpu: 'GPU (WebGPU)', dml: 'GPU (DirectML)', cuda: 'GPU (CUDA)' } as const
  return provider === 'cpu' && threads > 0
    ? `${processor}, ${Math.min(threads, all.length)} threads`
    : names[provider]
}

function warningsOf({ data, model, before }: ReadinessParts, settings: Settings): readonly string[] {
  const { train, validation, test } = data.counts
  const warnings: string[] = []
  if (train > 0 && train < fewExamples)
    warnings.push(
      `There are only ${train} training examples: the model may learn them by heart. More are better.`,
    )
  if (train > 0 && validation === 0)
    warnings.push(
      'No examples are held out for validation: the last state is kept, and training cannot stop early. Change the splits to hold some out.',
    )
  if (train > 0 && test === 0)
    warnings.push(
      'No questions are held out for the test: there will be no scores and nothing to compare. Change the splits to hold some out.',
    )
  if (model?.kind === 'extractive' && data.tasks > 0 && data.tasks < train)
    warnings.push(
      `${model.name} marks answers in a text: ${data.tasks} of ${train} training examples are tasks and are left out.`,
    )
  const window = windowOf(model, settings)
  if (model && data.longestWords * tokensPerWord > window)
    warnings.push(
      `The longest text has about ${Math.round(data.longestWords * tokensPerWord)} tokens, the model's window ${window}: longer texts are read in overlapping windows, which takes more steps.`,
    )
  if (before > 0)
    warnings.push(
      before === 1
        ? 'Another run is at work: this one will wait until it has ended.'
        : `${before} other runs are at work or wait: this one will wait for its turn.`,
    )
  return warnings
}

import { answerQuestions } from '../answer.ts'
import type { AnswerOptions } from '../answer.ts'
import { throwIfCancelled } from '../generate/cancel.ts'
import type { AnsweringSession } from '../generate/answering-session.ts'
import type { Checkpoint } from '../checkpoint/checkpoint.ts'
import type { TrainingItem } from '../data/training-examples.ts'
import type { TextModel } from '../open-model.ts'
import { globalNorm } from '../optim/clip.ts'
import { evaluationLoss } from './evaluation-loss.ts'
import { accumulateGradients, updateParameters } from './training-step.ts'
import type { StepParts } from './training-step.ts'

/** At least this many measurements are made, and more while they take less than the time that is given. */
const fewest = 3
const most = 10

/**
 * The mean seconds of a training step: runs the largest one to warm up, then steps from all lengths, in real
 * updates of the checkpoint, and weighs their time by the tokens of the whole epoch.
 *
 * @throws TrainerError `cancelled` where the signal was aborted.
 */
export async function measureStep(
  parts: StepParts,
  { parameters, optimizer: first }: Checkpoint,
  { signal, budgetSeconds }: { readonly signal: AbortSignal; readonly budgetSeconds: number },
): Promise<number> {
  const { plan, settings } = parts
  const costs = Array.from({ length: plan.stepsPerEpoch }, (_, step) =>
    plan.batchesOf(step).reduce((sum, items) => sum + tokensOf(items), 0),
  )
  const bySize = [...costs.keys()].sort((a, b) => (costs[a] ?? 0) - (costs[b] ?? 0))
  let optimizer = first
  const run = async (step: number) => {
    throwIfCancelled(signal)
    const { gradients } = await accumulateGradients(step, parts, parameters)
    const gradNorm = globalNorm(gradients)
    optimizer = updateParameters(parameters, gradients, optimizer, { settings, learningRate: 0, gradNorm })
  }
  await run(0)
  const sample = evenly(bySize, most)
  const seconds = await timeEach(sample, budgetSeconds, run)
  const cost = sample.slice(0, seconds.count).reduce((sum, step) => sum + (costs[step] ?? 0), 0)
  const meanCost = costs.reduce((sum, one) => sum + one, 0) / costs.length
  return (seconds.total / cost) * meanCost
}

/** The seconds that the loss of all items takes, from some of their batches. */
export async function measureLoss(
  session: StepParts['session'],
  { model }: TextModel,
  items: readonly TrainingItem[],
  options: Parameters<typeof evaluationLoss>[3] & { readonly budgetSeconds: number },
): Promise<number> {
  const sorted = items.toSorted((a, b) => b.sourceIds.length - a.sourceIds.length)
  const batches = inChunks(sorted, options.batchSize)
  const sample = evenly(batches, most)
  const run = async (batch: readonly TrainingItem[]) => {
    await evaluationLoss(session, model, batch, options)
  }
  const [first] = sample
  if (!first) return 0
  await run(first)
  const seconds = await timeEach(sample, options.budgetSeconds, run)
  const cost = (list: readonly (readonly TrainingItem[])[]) =>
    list.reduce((sum, batch) => sum + tokensOf(batch), 0)
  return (seconds.total / cost(sample.slice(0, seconds.count))) * cost(batches)
}

/** The seconds that answering all questions takes, from some of their batches. */
export async function measureAnswers(
  session: AnsweringSession,
  text: TextModel,
  questions: Parameters<typeof answerQuestions>[2],
  options: AnswerOptions & { readonly budgetSeconds: number },
): Promise<number> {
  const length = ({ question, context }: (typeof questions)[number]) => question.length + context.length
  const sorted = questions.toSorted((a, b) => length(b) - length(a))
  const batches = inChunks(sorted, options.settings.evaluationBatchSize)
  const sample = evenly(batches, most)
  const seconds = await timeEach(sample, options.budgetSeconds, async (batch) => {
    await answerQuestions(session, text, batch, options)
  })
  const answered = sample.slice(0, seconds.count).reduce((sum, batch) => sum + batch.length, 0)
  return answered === 0 ? 0 : (seconds.total / answered) * questions.length
}

/** Times work on one after another, until the time is up and a few are done. */
async function timeEach<T>(
  sample: readonly T[],
  budgetSeconds: number,
  work: (one: T) => Promise<void>,
): Promise<{ readonly total: number; readonly count: number }> {
  const start = performance.now()
  let count = 0
  for (const one of sample) {
    if (count >= fewest && (performance.now() - start) / 1000 > budgetSeconds) break
    await work(one)
    count++
  }
  return { total: (performance.now() - start) / 1000, count }
}

/** Up to `count` items at even distances, from the middle of each part; both halves take turns. */
function evenly<T>(items: readonly T[], count: number): readonly T[] {
  const taken = Math.min(count, items.length)
  const places = Array.from({ length: taken }, (_, i) => Math.floor(((i + 0.5) * items.length) / taken))
  const order = places.map((_, i) => places[(i * stride(taken)) % taken] ?? 0)
  return order.flatMap((place) => items.slice(place, place + 1))
}

/** A stride without a factor in common with `count`, near to the golden section: any first few lie spread out. */
function stride(count: number): number {
  const coprime = (a: number, b: number): boolean => (b === 0 ? a === 1 : coprime(b, a % b))
  let candidate = Math.max(1, Math.round(count * 0.382))
  while (!coprime(candidate, count)) candidate++
  return candidate
}

function inChunks<T>(items: readonly T[], size: number): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) =>
    items.slice(i * size, (i + 1) * size),
  )
}

/** What a batch costs: padding is computed nowhere but in attention. */
function tokensOf(items: readonly TrainingItem[]): number {
  return items.reduce((sum, { sourceIds, targetIds }) => sum + sourceIds.length + targetIds.length, 0)
}

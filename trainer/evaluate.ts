import { dirname } from 'node:path'
import { reportNotes } from './adapter-notes.ts'
import { answerQuestions, openAnswering } from './answer.ts'
import type { Answered } from './answered.ts'
import { writeAtomic } from './checkpoint/write-atomic.ts'
import type { TrainerContext } from './context.ts'
import type { Asked } from './data/prompts.ts'
import { readQuestions } from './data/read-questions.ts'
import { askedExamples } from './data/passages.ts'
import { makeFolder } from './make-folder.ts'
import { lossAndPerplexity, openLossSession } from './run/evaluation-loss.ts'
import { microBatchTokens } from './run/micro-batches.ts'
import type { LossAndPerplexity } from './run/evaluation-loss.ts'
import { predictionText } from './metrics/measure-answer.ts'
import { rougeScores, scoreAnswers } from './metrics/scores.ts'
import { squadFigures } from './metrics/squad.ts'
import { adapterTrained } from './lora/trained.ts'
import { openTextModel, requireHead, withHeldText } from './open-model.ts'
import { tokenizeExamples } from './run/prepare-run.ts'
import type { TextModel } from './open-model.ts'
import type { EvaluateCommand, EvaluateResult, PredictCommand, PredictResult } from './protocol.ts'
import { readExamples } from './run/read-examples.ts'
import type { Example } from './data/example.ts'
import type { Settings } from './settings.ts'

/**
 * Scores a model, or a model with an adapter, on a dataset: answers every question and computes the loss, and of plain
 * texts the perplexity.
 *
 * @throws TrainerError as the parts do.
 */
export async function evaluate(command: EvaluateCommand, context: TrainerContext): Promise<EvaluateResult> {
  const started = performance.now()
  context.report({ type: 'phase', phase: 'loading' })
  const { settings } = command
  const opened = await openTextModel(command.model, command.adapter, settings)
  requireHead(opened.model, opened.adapter)
  reportNotes(context, opened.adapter)
  const { examples } = await readExamples('data', command.data, context)
  context.report({ type: 'phase', phase: 'validating' })
  const asked = askedExamples(examples)
  const { answered, losses } = await withHeldText(
    opened,
    { settings, signal: context.stop },
    async (text) => ({
      answered: await answerAll(text, asked, settings, context),
      losses: await lossOf(text, examples, settings, context),
    }),
  )
  const answers = answered.map((answer) => answer.text)
  const predictions = new Map(asked.map(({ id, form }, i) => [id, predictionText(answers[i] ?? '', form)]))
  return {
    type: 'result',
    kind: 'evaluate',
    scores: scoreAnswers(asked, answers),
    squad: squadFigures(asked, predictions),
    rouge: rougeScores(asked, answers),
    ...losses,
    seconds: (performance.now() - started) / 1000,
  }
}

/**
 * Answers every question of a dataset and writes a SQuAD prediction file: id to answer text, empty for
 * unanswerable. Every id of the file is answered, whatever is wrong with the record's own answers. A model that marks
 * answers also writes `<out>.na-prob.json`, how likely it is that each question has none, which the official scorer
 * takes as `--na-prob-file`.
 *
 * @throws TrainerError as the parts do.
 */
export async function predict(command: PredictCommand, context: TrainerContext): Promise<PredictResult> {
  const started = performance.now()
  context.report({ type: 'phase', phase: 'loading' })
  const { settings } = command
  const opened = await openTextModel(command.model, command.adapter, settings)
  requireHead(opened.model, opened.adapter)
  reportNotes(context, opened.adapter)
  const questions = await readQuestions(command.data)
  context.report({ type: 'phase', phase: 'validating' })
  const answers = await withHeldText(opened, { settings, signal: context.stop }, (text) =>
    answerAll(text, questions, settings, context),
  )
  const predictions = questions.map(({ id, form }, i) => [id, predictionText(answers[i]?.text ?? '', form)])
  context.report({ type: 'phase', phase: 'saving' })
  await makeFolder(dirname(command.out))
  await writeAtomic(command.out, `${JSON.stringify(Object.fromEntries(predictions), null, 1)}\n`)
  const doubts = questions.flatMap(({ id }, i) => {
    const probability = noAnswerProbability(answers[i])
    return probability === null ? [] : [[id, probability] as const]
  })
  const doubtsOut = doubts.length > 0 ? command.out.replace(/(\.json)?$/, '.na-prob.json') : null
  if (doubtsOut !== null)
    await writeAtomic(doubtsOut, `${JSON.stringify(Object.fromEntries(doubts), null, 1)}\n`)
  return {
    type: 'result',
    kind: 'predict',
    out: command.out,
    ...(doubtsOut === null ? {} : { noAnswerOut: doubtsOut }),
    count: questions.length,
    seconds: (performance.now() - started) / 1000,
  }
}

async function answerAll(
  text: TextModel,
  questions: readonly Asked[],
  settings: Settings,
  context: TrainerContext,
): Promise<readonly Answered[]> {
  const session = await openAnswering(text, [text.adapter], settings)
  try {
    return await answerQuestions(session, text, questions, {
      settings,
      adapter: text.adapter,
      signal: context.stop,
      onProgress: (done, total) => {
        context.report({ type: 'progress', phase: 'validating', done, total })
      },
    })
  } finally {
    await session.dispose()
  }
}

/** Of no answer against the best one, the softmax over the two; null for a model that writes its answers. */
function noAnswerProbability(answer: Answered | undefined): number | null {
  if (!answer?.marked) return null
  const { noAnswerScore } = answer.marked
  return noAnswerScore === null ? 1 : 1 / (1 + Math.exp(-noAnswerScore))
}

async function lossOf(
  text: TextModel,
  examples: readonly Example[],
  settings: Settings,
  context: TrainerContext,
): Promise<LossAndPerplexity> {
  const { items } = tokenizeExamples(text, examples, settings)
  const session = await openLossSession(text, adapterTrained(text.adapter), settings)
  try {
    return await lossAndPerplexity(
      session,
      text.model,
      { items, examples },
      {
        parameters: text.adapter?.parameters ?? new Map(),
        batchSize: settings.evaluationBatchSize,
        tokensAtATime: microBatchTokens(text.model.architecture.config, settings),
        signal: context.stop,
      },
    )
  } finally {
    await session.dispose()
  }
}

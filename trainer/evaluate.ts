import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { answerQuestions, openAnswering } from './answer.ts'
import { writeAtomic } from './checkpoint/write-atomic.ts'
import type { TrainerContext } from './context.ts'
import type { Asked } from './data/prompts.ts'
import { readQuestions } from './data/read-questions.ts'
import { evaluationLoss, openLossSession } from './run/evaluation-loss.ts'
import { predictionText, rougeScores, scoreAnswers } from './metrics/scores.ts'
import { squadFigures } from './metrics/squad.ts'
import { openTextModel } from './open-model.ts'
import { tokenizeExamples } from './run/prepare-run.ts'
import type { TextModel } from './open-model.ts'
import type { EvaluateCommand, EvaluateResult, PredictCommand, PredictResult } from './protocol.ts'
import { readExamples } from './run/read-examples.ts'
import type { Example } from './data/example.ts'
import type { Settings } from './settings.ts'

/**
 * Scores a model, or a model with an adapter, on a dataset: answers every question and computes the loss.
 *
 * @throws TrainerError as the parts do.
 */
export async function evaluate(command: EvaluateCommand, context: TrainerContext): Promise<EvaluateResult> {
  const started = performance.now()
  context.report({ type: 'phase', phase: 'loading' })
  const text = await openTextModel(command.model, command.adapter, command.settings)
  const { examples } = await readExamples('data', command.data, context)
  context.report({ type: 'phase', phase: 'validating' })
  const answers = await answerAll(text, examples, command.settings, context)
  const predictions = new Map(examples.map(({ id, form }, i) => [id, predictionText(answers[i] ?? '', form)]))
  return {
    type: 'result',
    kind: 'evaluate',
    scores: scoreAnswers(examples, answers),
    squad: squadFigures(examples, predictions),
    rouge: rougeScores(examples, answers),
    loss: await lossOf(text, examples, command.settings, context),
    seconds: (performance.now() - started) / 1000,
  }
}

/**
 * Answers every question of a dataset and writes a SQuAD prediction file: id to answer text, empty for
 * unanswerable. Every id of the file is answered, whatever is wrong with the record's own answers.
 *
 * @throws TrainerError as the parts do.
 */
export async function predict(command: PredictCommand, context: TrainerContext): Promise<PredictResult> {
  const started = performance.now()
  context.report({ type: 'phase', phase: 'loading' })
  const text = await openTextModel(command.model, command.adapter, command.settings)
  const questions = await readQuestions(command.data)
  context.report({ type: 'phase', phase: 'validating' })
  const answers = await answerAll(text, questions, command.settings, context)
  const predictions = questions.map(({ id, form }, i) => [id, predictionText(answers[i] ?? '', form)])
  context.report({ type: 'phase', phase: 'saving' })
  await mkdir(dirname(command.out), { recursive: true })
  await writeAtomic(command.out, `${JSON.stringify(Object.fromEntries(predictions), null, 1)}\n`)
  return {
    type: 'result',
    kind: 'predict',
    out: command.out,
    count: questions.length,
    seconds: (performance.now() - started) / 1000,
  }
}

async function answerAll(
  text: TextModel,
  questions: readonly Asked[],
  settings: Settings,
  context: TrainerContext,
): Promise<readonly string[]> {
  const session = await openAnswering(text, [text.adapter], settings)
  try {
    const answers = await answerQuestions(session, text, questions, {
      settings,
      adapter: text.adapter,
      signal: context.stop,
      onProgress: (done, total) => {
        context.report({ type: 'progress', phase: 'validating', done, total })
      },
    })
    return answers.map((answer) => answer.text)
  } finally {
    await session.dispose()
  }
}

async function lossOf(
  text: TextModel,
  examples: readonly Example[],
  settings: Settings,
  context: TrainerContext,
): Promise<number> {
  const { items } = tokenizeExamples(text, examples, settings)
  const session = await openLossSession(text, text.adapter?.targets ?? [], settings)
  try {
    return await evaluationLoss(session, text.model, items, {
      parameters: text.adapter?.parameters ?? new Map(),
      batchSize: settings.evaluationBatchSize,
      signal: context.stop,
    })
  } finally {
    await session.dispose()
  }
}

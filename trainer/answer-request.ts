import { answerQuestions } from './answer.ts'
import type { Answered } from './answer.ts'
import { findAnswer } from './data/answer-place.ts'
import { decodeStream } from './data/decode-stream.ts'
import { TrainerError } from './errors.ts'
import type { LoadedModel, ModelKeeper } from './loaded-model.ts'
import { openRequest } from './open-request.ts'
import type { AnswerColumn, AnswerReport, AnswerRequest, ContextAnswer } from './protocol.ts'
import type { Settings } from './settings.ts'

export interface AnswerRequestOptions {
  /** What the request does not say otherwise. */
  readonly settings: Settings
  readonly signal: AbortSignal
  readonly onToken: (column: number, text: string) => void
}

/**
 * Answers a question from every context, or does a task with every input (once where there is none), with each
 * adapter or the base model in a column of its own. The first context is answered first, its tokens told as they are
 * made, where it fits into one window.
 *
 * @throws TrainerError `usage` for a request without question, context or column, `setting_invalid`, `cancelled`,
 * and what opening the model and the adapters throws.
 */
export async function answerRequest(
  models: ModelKeeper,
  request: AnswerRequest,
  options: AnswerRequestOptions,
): Promise<Omit<AnswerReport, 'type' | 'id'>> {
  const started = performance.now()
  checkRequest(request)
  const { loaded, text, settings } = await openRequest(models, request, options.settings)
  // All adapters are read first: one that does not fit is told before anything is answered.
  const adapters = []
  for (const folder of request.adapters) adapters.push({ folder, adapter: await loaded.adapter(folder) })

  const columns: AnswerColumn[] = []
  let questionCut = false
  let inputCut = false
  for (const [column, { folder, adapter }] of adapters.entries()) {
    const began = performance.now()
    const answered = await answerContexts({ ...loaded, text }, request, {
      settings,
      adapter,
      signal: options.signal,
      onText: (piece) => {
        options.onToken(column, piece)
      },
    })
    questionCut ||= answered.some((answer) => answer.questionCut)
    inputCut ||= answered.some((answer) => answer.inputCut)
    const answers = answered.map((answer, i) =>
      contextAnswer(answer, request.form === 'task' ? null : (request.contexts[i] ?? '')),
    )
    columns.push({ adapter: folder, answers, best: bestOf(answers), seconds: secondsSince(began) })
  }
  return { columns, questionCut, inputCut, seconds: secondsSince(started) }
}

function checkRequest({ form, question, contexts, adapters }: AnswerRequest): void {
  if (question.trim() === '')
    throw new TrainerError('usage', 'The question is empty. Ask something.', { part: 'question' })
  if (form !== 'task' && contexts.every((context) => context.trim() === ''))
    throw new TrainerError('usage', 'There is no text to answer from. Give at least one passage.', {
      part: 'contexts',
    })
  if (adapters.length === 0)
    throw new TrainerError('usage', 'No model is to answer. Name an adapter, or null for the base model.', {
      part: 'adapters',
    })
}

interface ColumnOptions {
  readonly settings: Settings
  readonly adapter: Awaited<ReturnType<LoadedModel['adapter']>>
  readonly signal: AbortSignal
  readonly onText: (piece: string) => void
}

async function answerContexts(
  { session, text }: LoadedModel,
  { form = 'qa', question, contexts }: AnswerRequest,
  { settings, adapter, signal, onText }: ColumnOptions,
): Promise<readonly Answered[]> {
  const stream = decodeStream(text.tokenizer)
  const emit = (piece: string) => {
    if (piece !== '') onText(piece)
  }
  const inputs = form === 'task' && contexts.length === 0 ? [''] : contexts
  const [first, ...rest] = inputs.map((context) => ({ form, question, context }))
  const common = { settings, adapter, signal }
  const head = await answerQuestions(session, text, first ? [first] : [], {
    ...common,
    onToken: (token) => {
      emit(stream.push(token))
    },
  })
  emit(stream.end())
  return [...head, ...(await answerQuestions(session, text, rest, common))]
}

/** @param context Null where the answer is no stretch of any: the text of a task. */
function contextAnswer(answer: Answered, context: string | null): ContextAnswer {
  const { text, unanswerable, score, windows } = answer
  const place = unanswerable || context === null ? null : findAnswer(context, text)
  return { text, unanswerable, score, start: place?.start ?? null, end: place?.end ?? null, windows }
}

function bestOf(answers: readonly ContextAnswer[]): number {
  const ranked = [...answers.entries()].toSorted(
    ([, a], [, b]) => Number(a.unanswerable) - Number(b.unanswerable) || b.score - a.score,
  )
  return ranked[0]?.[0] ?? 0
}

function secondsSince(start: number): number {
  return (performance.now() - start) / 1000
}

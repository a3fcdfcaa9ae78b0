import { answerQuestions } from './answer.ts'
import { shownAlternatives } from './answered.ts'
import type { Answered } from './answered.ts'
import { findAnswer } from './data/answer-place.ts'
import { unanswerable } from './data/qa-prompt.ts'
import { TrainerError } from './errors.ts'
import type { LoadedModel, ModelKeeper } from './loaded-model.ts'
import { hasHead, requireHead } from './open-model.ts'
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
    if (!hasHead(text.model, adapter)) {
      // Beside a tuned model an untrained head has nothing to say; alone it is told.
      if (adapters.every((one) => !hasHead(text.model, one.adapter))) requireHead(text.model, adapter)
      columns.push({ adapter: folder, answers: request.contexts.map(withoutHead), best: 0, seconds: 0 })
      continue
    }
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
    columns.push({ adapter: folder, answers, best: bestOf(answered), seconds: secondsSince(began) })
  }
  return { columns, questionCut, inputCut, seconds: secondsSince(started) }
}

function withoutHead(): ContextAnswer {
  return { text: unanswerable, unanswerable: true, score: 0, start: null, end: null, windows: 0 }
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
  const emit = (piece: string) => {
    if (piece !== '') onText(piece)
  }
  const inputs = form === 'task' && contexts.length === 0 ? [''] : contexts
  const [first, ...rest] = inputs.map((context) => ({ form, question, context }))
  const common = { settings, adapter, signal }
  const head = await answerQuestions(session, text, first ? [first] : [], {
    ...common,
    onText: emit,
  })
  // What is marked comes at once.
  for (const { marked, text } of head) if (marked) emit(text)
  return [...head, ...(await answerQuestions(session, text, rest, common))]
}

/** @param context Null where the answer is no stretch of any: the text of a task. */
function contextAnswer(answer: Answered, context: string | null): ContextAnswer {
  const { text, score, windows, marked, usage, unanswerable: refused } = answer
  const found = () => (marked ? marked.alternatives[0] : context === null ? null : findAnswer(context, text))
  const { start = null, end = null } = (refused ? null : found()) ?? {}
  const answered = { text, unanswerable: refused, score, start, end, windows, usage }
  return marked ? { ...answered, alternatives: marked.alternatives.slice(0, shownAlternatives) } : answered
}

function bestOf(answers: readonly Answered[]): number {
  const rank = ({ score, marked }: Answered) => marked?.rank ?? score
  const ranked = [...answers.entries()].toSorted(
    ([, a], [, b]) => Number(a.unanswerable) - Number(b.unanswerable) || rank(b) - rank(a),
  )
  return ranked[0]?.[0] ?? 0
}

function secondsSince(start: number): number {
  return (performance.now() - start) / 1000
}

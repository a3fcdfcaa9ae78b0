import { randomUUID } from 'node:crypto'
import { AppError } from '../../contract/errors.ts'
import type { FoundPassage } from '../../contract/comparisons.ts'
import type { AnswerReport, AnswerRequest } from '../../contract/engine-types.ts'
import { ApiError } from './api-error.ts'
import { readChatQuestion } from './chat-request.ts'
import type { ChatQuestion } from './chat-request.ts'
import type { ApiCall } from './api-call.ts'
import { answerSettingsOf } from './sampling-fields.ts'

/** Passages that a question is asked of where it brings no context; each one costs an answer. */
const passagesAsked = 4

/** What is said where nobody was asked: the word that the models are taught for it. */
const unanswerable = 'unanswerable'

/** Answers a chat's question; see `readChatQuestion` for what is asked. @throws ApiError, AppError. */
export async function chatCompletions(body: unknown, call: ApiCall): Promise<void> {
  const asked = readChatQuestion(body)
  const { fields } = asked
  const model = call.modelOf(fields.model)
  const head = { id: `chatcmpl-${randomUUID()}`, created: Math.floor(Date.now() / 1000), model: model.id }
  const stream = fields.stream === true ? call.stream() : null
  const chunk = (delta: object, finishReason: string | null, more: object = {}): void =>
    stream?.send({
      ...head,
      object: 'chat.completion.chunk',
      choices: [{ index: 0, delta, logprobs: null, finish_reason: finishReason }],
      ...more,
    })
  let streamed = ''
  const tell = (text: string): void => {
    chunk(streamed === '' ? { role: 'assistant', content: text } : { content: text }, null)
    streamed += text
  }

  const answer = await answerOf(asked, call, model, stream ? tell : null)
  const usage = {
    prompt_tokens: answer.promptTokens,
    completion_tokens: answer.textTokens,
    total_tokens: answer.promptTokens + answer.textTokens,
  }
  const finishReason = answer.finished ? 'stop' : 'length'
  if (!stream) {
    const message = { role: 'assistant', content: answer.text, refusal: null }
    const choices = [{ index: 0, message, logprobs: null, finish_reason: finishReason }]
    call.json({ ...head, object: 'chat.completion', choices, usage, loracle: answer.loracle })
    return
  }
  // Of several passages or windows the best answer is known at the end alone: then it comes in one piece.
  const rest = answer.text.startsWith(streamed) ? answer.text.slice(streamed.length) : ''
  if (rest !== '' || streamed === '') tell(rest)
  chunk({}, finishReason, { loracle: answer.loracle })
  if (fields.stream_options?.include_usage)
    stream.send({ ...head, object: 'chat.completion.chunk', choices: [], usage })
  stream.end()
}

interface Answer {
  readonly text: string
  readonly promptTokens: number
  readonly textTokens: number
  readonly finished: boolean
  readonly loracle: object
}

async function answerOf(
  { fields, question, contexts }: ChatQuestion,
  { served, client, signal }: ApiCall,
  { model, adapter }: { readonly model: string; readonly adapter: string | null },
  tell: ((text: string) => void) | null,
): Promise<Answer> {
  const form = fields.form ?? served.form
  const { search } = served
  if (contexts === null && form === 'qa' && !search)
    throw new ApiError(
      400,
      'context_missing',
      'There is no text to answer from. Send it as a system message or in the field context, or start the server with --project, which finds passages in its documents.',
      { param: 'messages' },
    )
  const settings = { ...served.settings, ...answerSettingsOf(fields) }
  const request = (texts: readonly string[]): AnswerRequest => ({
    model,
    adapters: [adapter],
    form,
    question,
    contexts: texts,
    settings,
  })
  let passages: readonly FoundPassage[] | null = null
  // Passages are looked for when the question's turn comes: what waits holds no more than what was sent.
  const found = async (): Promise<AnswerRequest> => {
    passages = (await search?.(question, passagesAsked)) ?? []
    if (passages.length === 0) throw new AppError('data_empty', 'No passage has words of this question.')
    return request(passages.map(({ text }) => text))
  }
  const needsSearch = contexts === null && form === 'qa'
  const isAlone = (): boolean => (passages ?? contexts ?? []).length <= 1
  try {
    const report = await served.answering.ask(needsSearch ? found : request(contexts ?? []), {
      client,
      signal,
      onToken: (_, text) => {
        if (isAlone()) tell?.(text)
      },
    })
    return chosenAnswer(report, { contexts, passages })
  } catch (thrown) {
    if (!isEmpty(passages)) throw thrown
    return {
      text: unanswerable,
      promptTokens: 0,
      textTokens: 0,
      finished: true,
      loracle: { unanswerable: true, passages: [], passage: null, span: null, note: 'no_passage_found' },
    }
  }
}

function isEmpty(passages: readonly FoundPassage[] | null): boolean {
  return passages?.length === 0
}

function chosenAnswer(
  { columns, questionCut, inputCut, seconds }: AnswerReport,
  source: { readonly contexts: readonly string[] | null; readonly passages: readonly FoundPassage[] | null },
): Answer {
  const [column] = columns
  const best = column?.answers[column.best]
  if (!column || !best) throw new AppError('internal', 'A question was asked and not answered. Ask again.')
  const { start, end } = best
  const hasPlace = !best.unanswerable && (source.passages ?? source.contexts ?? []).length > 0
  return {
    text: best.text,
    promptTokens: column.answers.reduce((sum, { usage }) => sum + (usage?.promptTokens ?? 0), 0),
    textTokens: best.usage?.textTokens ?? 0,
    finished: best.usage?.finished ?? true,
    loracle: {
      unanswerable: best.unanswerable,
      score: best.score,
      ...(source.passages ? { passages: source.passages.map(shownPassage) } : {}),
      /** An index into the passages, or into the contexts that were sent. */
      passage: hasPlace ? column.best : null,
      /** Code points of that passage. */
      span: start === null || end === null ? null : { start, end },
      ...(best.alternatives ? { alternatives: best.alternatives } : {}),
      ...(questionCut ? { question_cut: true } : {}),
      ...(inputCut ? { input_cut: true } : {}),
      seconds,
    },
  }
}

function shownPassage({ sourceName, title, heading, page, text, score }: FoundPassage): object {
  return { source: sourceName, title, heading, page, text, score }
}

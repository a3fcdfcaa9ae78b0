import type { Answered } from './answered.ts'
import type { ExampleForm } from './data/example.ts'
import { promptsOf } from './data/prompts.ts'
import type { Asked } from './data/prompts.ts'
import { isUnanswerable, unanswerable } from './data/qa-prompt.ts'
import { neededBy } from './generate/answering-graph.ts'
import { openAnsweringSession } from './generate/answering-session.ts'
import type { AnsweringSession, GenerativeSession } from './generate/answering-session.ts'
import { mapCancellably } from './generate/cancel.ts'
import { kindOf } from './kinds/kinds.ts'
import type { Adapter } from './lora/peft-adapter.ts'
import { markAnswers } from './mark-answers.ts'
import type { TextModel } from './open-model.ts'
import type { Settings } from './settings.ts'
import { noUsage, writeTexts } from './write-texts.ts'
import type { WriteOptions, WrittenText } from './write-texts.ts'

/** Tokens are told as they are made for one question with one window. */
export type AnswerOptions = WriteOptions

/** Opens a session that answers with the base model and, where there is one, with the adapter. */
export function openAnswering(
  { model }: TextModel,
  adapters: readonly (Adapter | null)[],
  settings: Settings,
): Promise<AnsweringSession> {
  return openAnsweringSession(model, {
    ...neededBy(adapters),
    threads: settings.threads,
    provider: settings.provider,
    fusedNorms: settings.provider === 'cpu',
  })
}

/**
 * Answers questions about contexts, and does tasks, in order. A context longer than the model's window is cut into windows that
 * overlap; of their answers the one with the best score wins, `unanswerable` only where every window says so. A task
 * has one prompt. A model with a span head marks its answers (see `markAnswers`).
 *
 * @throws TrainerError `cancelled` where the signal was aborted.
 */
export function answerQuestions(
  session: AnsweringSession,
  text: TextModel,
  questions: readonly Asked[],
  options: AnswerOptions,
): Promise<readonly Answered[]> {
  switch (session.kind) {
    case 'generative':
      return writeAnswers(session, text, questions, options)
    case 'extractive':
      return markAnswers(session, text, questions, options)
  }
}

async function writeAnswers(
  session: GenerativeSession,
  text: TextModel,
  questions: readonly Asked[],
  options: AnswerOptions,
): Promise<readonly Answered[]> {
  const { maxSourceLength } = text
  const { stride } = options.settings
  const { prompts: form } = kindOf(text.model.architecture)
  if (!form) throw new Error('A model that writes texts has a form for its prompts.')
  const cut = await mapCancellably(questions, options.signal, (asked, index) =>
    promptsOf(text.tokenizer, asked, { maxSourceLength, stride, form }).map((prompt) => ({
      index,
      ...prompt,
    })),
  )
  const prompts = cut.flat()
  const written = await writeTexts(
    session,
    text,
    prompts.map(({ sourceIds }) => sourceIds),
    { ...options, stops: form.stops },
  )
  const byQuestion = questions.map(
    (): { candidates: WrittenText[]; questionCut: boolean; inputCut: boolean } => ({
      candidates: [],
      questionCut: false,
      inputCut: false,
    }),
  )
  for (const [i, { index, questionCut, inputCut }] of prompts.entries()) {
    const found = byQuestion[index]
    const candidate = written[i]
    if (!found || !candidate) continue
    found.candidates.push(candidate)
    found.questionCut ||= questionCut
    found.inputCut ||= inputCut
  }
  return byQuestion.map(({ candidates, ...cut }, index) => ({
    ...chooseAnswer(candidates, questions[index]?.form ?? 'qa'),
    ...cut,
  }))
}

function chooseAnswer(
  candidates: readonly WrittenText[],
  form: ExampleForm,
): Omit<Answered, 'questionCut' | 'inputCut'> {
  // To a task the word is a text like any other.
  const refuses = (text: string) => form === 'qa' && isUnanswerable(text)
  const ranked = candidates.toSorted(
    (a, b) => Number(refuses(a.text)) - Number(refuses(b.text)) || b.score - a.score,
  )
  const best = ranked[0] ?? { text: unanswerable, score: 0, usage: noUsage }
  const promptTokens = candidates.reduce((sum, { usage }) => sum + usage.promptTokens, 0)
  return {
    ...best,
    usage: { ...best.usage, promptTokens },
    unanswerable: refuses(best.text),
    windows: candidates.length,
  }
}

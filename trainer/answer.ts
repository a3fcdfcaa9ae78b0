import type { ExampleForm } from './data/example.ts'
import { promptsOf } from './data/prompts.ts'
import type { Asked } from './data/prompts.ts'
import { isUnanswerable, unanswerable } from './data/qa-prompt.ts'
import { openAnsweringSession } from './generate/answering-session.ts'
import type { AnsweringSession } from './generate/answering-session.ts'
import type { Adapter } from './lora/peft-adapter.ts'
import type { TextModel } from './open-model.ts'
import type { Settings } from './settings.ts'
import { writeTexts } from './write-texts.ts'
import type { WriteOptions, WrittenText } from './write-texts.ts'

/** The answer to one question, chosen among the windows of its context. */
export interface Answered {
  readonly text: string
  readonly unanswerable: boolean
  /** Mean log-probability of the answer's tokens, the end mark included. */
  readonly score: number
  readonly windows: number
  /** True where the question was cut to leave room for the context. */
  readonly questionCut: boolean
  /** True where the input of a task was cut to the model's window. */
  readonly inputCut: boolean
}

/** Tokens are told as they are made for one question with one window. */
export type AnswerOptions = WriteOptions

/** Opens a session that answers with the base model and, where there is one, with the adapter. */
export function openAnswering(
  { model }: TextModel,
  adapters: readonly (Adapter | null)[],
  settings: Settings,
): Promise<AnsweringSession> {
  const adaptable = new Set(
    adapters.flatMap((adapter) => adapter?.targets.map((target) => target.path) ?? []),
  )
  return openAnsweringSession(model, {
    adaptable: [...adaptable],
    threads: settings.threads,
    provider: settings.provider,
    fusedNorms: settings.provider === 'cpu',
  })
}

/**
 * Answers questions about contexts, and does tasks, in order. A context longer than the model's window is cut into windows that
 * overlap; of their answers the one with the best score wins, `unanswerable` only where every window says so. A task
 * has one prompt.
 *
 * @throws TrainerError `cancelled` where the signal was aborted.
 */
export async function answerQuestions(
  session: AnsweringSession,
  text: TextModel,
  questions: readonly Asked[],
  options: AnswerOptions,
): Promise<readonly Answered[]> {
  const { maxSourceLength } = text
  const { stride } = options.settings
  const prompts = questions.flatMap((asked, index) =>
    promptsOf(text.tokenizer, asked, { maxSourceLength, stride }).map((prompt) => ({ index, ...prompt })),
  )
  const written = await writeTexts(
    session,
    text,
    prompts.map(({ sourceIds }) => sourceIds),
    options,
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
  const best = ranked[0] ?? { text: unanswerable, score: 0 }
  return { ...best, unanswerable: refuses(best.text), windows: candidates.length }
}

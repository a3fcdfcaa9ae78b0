import { answerQuestions, openAnswering } from '../answer.ts'
import type { TrainerContext } from '../context.ts'
import type { Adapter } from '../lora/peft-adapter.ts'
import { predictionText, scoreAnswers } from '../metrics/scores.ts'
import { scorePrediction } from '../metrics/squad.ts'
import type { TextModel } from '../open-model.ts'
import type { TestSet } from './prepare-run.ts'
import type { Comparison, Phase, Scores } from '../protocol.ts'
import type { Settings } from '../settings.ts'

/** The answers of one model to every test set, in the order of the sets. */
export type TestAnswers = readonly (readonly string[])[]

export interface TestOptions {
  readonly settings: Settings
  readonly adapter: Adapter | null
  readonly context: TrainerContext
  readonly phase: Phase
}

/** Answers the questions of all test sets. @throws TrainerError `cancelled` where the host asked for a stop. */
export async function answerTests(
  text: TextModel,
  tests: readonly TestSet[],
  { settings, adapter, context, phase }: TestOptions,
): Promise<TestAnswers> {
  const questions = tests.flatMap((test) => test.examples)
  if (questions.length === 0) return tests.map(() => [])
  const session = await openAnswering(text, [adapter], settings)
  try {
    const answered = await answerQuestions(session, text, questions, {
      settings,
      adapter,
      signal: context.stop,
      onProgress: (done, total) => {
        context.report({ type: 'progress', phase, done, total })
      },
    })
    let start = 0
    return tests.map(({ examples }) => {
      const answers = answered.slice(start, start + examples.length).map((answer) => answer.text)
      start += examples.length
      return answers
    })
  } finally {
    await session.dispose()
  }
}

/** Scores over all sets together; null where there is no test question. */
export function scoreTogether(tests: readonly TestSet[], answers: TestAnswers): Scores | null {
  const examples = tests.flatMap((test) => test.examples)
  return examples.length === 0 ? null : scoreAnswers(examples, answers.flat())
}

/** Scores of each set before and after. */
export function scoreEach(
  tests: readonly TestSet[],
  before: TestAnswers,
  after: TestAnswers,
): readonly { readonly name: string; readonly before: Scores; readonly after: Scores }[] {
  return tests.map(({ name, examples }, i) => ({
    name,
    before: scoreAnswers(examples, before[i] ?? []),
    after: scoreAnswers(examples, after[i] ?? []),
  }))
}

/** Every test question with both answers and the accepted ones; unanswerable is an empty text. */
export function compareAnswers(
  tests: readonly TestSet[],
  before: TestAnswers,
  after: TestAnswers,
): readonly Comparison[] {
  return tests.flatMap(({ name, examples }, set) =>
    examples.map(({ id, question, answers }, i) => {
      const base = predictionText(before[set]?.[i] ?? '')
      const tuned = predictionText(after[set]?.[i] ?? '')
      return {
        id,
        set: name,
        question,
        base,
        tuned,
        gold: [...new Set(answers.map((answer) => answer.text))],
        baseRight: scorePrediction(base, answers).exact === 1,
        tunedRight: scorePrediction(tuned, answers).exact === 1,
      }
    }),
  )
}

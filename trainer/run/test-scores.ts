import { answerQuestions, openAnswering } from '../answer.ts'
import type { TrainerContext } from '../context.ts'
import type { Adapter } from '../lora/peft-adapter.ts'
import { isUnanswerable } from '../data/qa-prompt.ts'
import { predictionText, scoreAnswers } from '../metrics/scores.ts'
import { scorePrediction } from '../metrics/squad.ts'
import type { TextModel } from '../open-model.ts'
import type { TestSet } from './prepare-run.ts'
import type { Comparison, Phase, ScoredReport, Scores } from '../protocol.ts'
import type { Settings } from '../settings.ts'

/** The answers of one model to every test set, in the order of the sets. */
export type TestAnswers = readonly (readonly string[])[]

export interface TestOptions {
  readonly settings: Settings
  readonly adapter: Adapter | null
  readonly context: TrainerContext
  readonly phase: Phase
  /** Cuts the answering short. */
  readonly signal: AbortSignal
}

/** Answers the questions of all test sets. @throws TrainerError `cancelled` where the signal was aborted. */
export async function answerTests(
  text: TextModel,
  tests: readonly TestSet[],
  { settings, adapter, context, phase, signal }: TestOptions,
): Promise<TestAnswers> {
  const questions = tests.flatMap((test) => test.examples)
  if (questions.length === 0) return tests.map(() => [])
  const session = await openAnswering(text, [adapter], settings)
  try {
    const answered = await answerQuestions(session, text, questions, {
      settings,
      adapter,
      signal,
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

/** The scores of one model's answers, together and by set. */
export function scoredReport(
  when: ScoredReport['when'],
  tests: readonly TestSet[],
  answers: TestAnswers,
): ScoredReport {
  return {
    type: 'scored',
    when,
    scores: scoreTogether(tests, answers),
    tests: tests.map(({ name, examples }, i) => ({ name, scores: scoreAnswers(examples, answers[i] ?? []) })),
  }
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
    examples.map(({ id, form, question, answers }, i) => {
      const [baseAnswer, tunedAnswer] = [before[set]?.[i] ?? '', after[set]?.[i] ?? '']
      const [base, tuned] = [predictionText(baseAnswer, form), predictionText(tunedAnswer, form)]
      const [baseScore, tunedScore] = [scorePrediction(base, answers), scorePrediction(tuned, answers)]
      return {
        id,
        set: name,
        question,
        base,
        tuned,
        gold: [...new Set(answers.map((answer) => answer.text))],
        baseRight: baseScore.exact === 1,
        tunedRight: tunedScore.exact === 1,
        baseF1: 100 * baseScore.f1,
        tunedF1: 100 * tunedScore.f1,
        baseUnanswerable: form === 'qa' && isUnanswerable(baseAnswer),
        tunedUnanswerable: form === 'qa' && isUnanswerable(tunedAnswer),
      }
    }),
  )
}

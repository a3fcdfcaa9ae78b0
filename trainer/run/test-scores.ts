import { answerQuestions, openAnswering } from '../answer.ts'
import type { TrainerContext } from '../context.ts'
import type { Adapter } from '../lora/peft-adapter.ts'
import type { Example } from '../data/example.ts'
import type { Labels } from '../data/labels.ts'
import { isUnanswerable } from '../data/qa-prompt.ts'
import type { MetricName } from '../data/tasks.ts'
import { measureAnswer, predictionText } from '../metrics/measure-answer.ts'
import type { MeasuredAnswer } from '../metrics/measure-answer.ts'
import { scoreAnswers, withAccepted } from '../metrics/scores.ts'
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

/**
 * Scores over all sets together; null where there is no test question.
 *
 * @param labels Of here on: the labels of the training data, see `labelsOf`; those that the tests accept are known.
 */
export function scoreTogether(
  tests: readonly TestSet[],
  answers: TestAnswers,
  labels: Labels = {},
): Scores | null {
  const examples = tests.flatMap((test) => test.examples)
  return examples.length === 0 ? null : scoreAnswers(examples, answers.flat(), labels)
}

/** The scores of one model's answers, together and by set. */
export function scoredReport(
  when: ScoredReport['when'],
  tests: readonly TestSet[],
  answers: TestAnswers,
  labels: Labels = {},
): ScoredReport {
  return {
    type: 'scored',
    when,
    scores: scoreTogether(tests, answers, labels),
    tests: tests.map(({ name, examples }, i) => ({
      name,
      scores: scoreAnswers(examples, answers[i] ?? [], labels),
    })),
  }
}

/** Scores of each set before and after. */
export function scoreEach(
  tests: readonly TestSet[],
  before: TestAnswers,
  after: TestAnswers,
  labels: Labels = {},
): readonly { readonly name: string; readonly before: Scores; readonly after: Scores }[] {
  return tests.map(({ name, examples }, i) => ({
    name,
    before: scoreAnswers(examples, before[i] ?? [], labels),
    after: scoreAnswers(examples, after[i] ?? [], labels),
  }))
}

/** Every test question with both answers and the accepted ones; unanswerable is an empty text. */
export function compareAnswers(
  tests: readonly TestSet[],
  before: TestAnswers,
  after: TestAnswers,
  labels: Labels = {},
): readonly Comparison[] {
  const known = withAccepted(
    labels,
    tests.flatMap((test) => test.examples),
  )
  return tests.flatMap(({ name, examples }, set) =>
    examples.map((example, i) => {
      const { id, form, question, answers } = example
      const [baseAnswer, tunedAnswer] = [before[set]?.[i] ?? '', after[set]?.[i] ?? '']
      const base = measureAnswer(example, baseAnswer, known)
      const tuned = measureAnswer(example, tunedAnswer, known)
      return {
        id,
        set: name,
        question,
        base: predictionText(baseAnswer, form),
        tuned: predictionText(tunedAnswer, form),
        gold: [...new Set(answers.map((answer) => answer.text))],
        baseRight: base.right,
        tunedRight: tuned.right,
        baseF1: 100 * base.f1,
        tunedF1: 100 * tuned.f1,
        baseUnanswerable: form === 'qa' && isUnanswerable(baseAnswer),
        tunedUnanswerable: form === 'qa' && isUnanswerable(tunedAnswer),
        ...taskPart(example, base, tuned),
      }
    }),
  )
}

const always: readonly MetricName[] = ['exactMatch', 'f1', 'accuracy']
type AnswersStatistics = NonNullable<Comparison['statistics']>
/** Code points of an input that a list of answers shows. */
const shownInput = 200

/** What the comparison of a task has beside that of a question. */
function taskPart(
  { context }: Example,
  base: MeasuredAnswer,
  tuned: MeasuredAnswer,
): Pick<Comparison, 'task' | 'input' | 'statistics'> {
  if (base.task === 'question-answering') return {}
  const metrics = (Object.keys(base.statistics) as MetricName[]).filter((metric) => !always.includes(metric))
  const statistics = metrics.map((metric) => [
    metric,
    { base: base.statistics[metric] ?? [], tuned: tuned.statistics[metric] ?? [] },
  ])
  const shown = [...context.trim().slice(0, 4 * shownInput)].slice(0, shownInput).join('')
  return {
    task: base.task,
    ...(shown === '' ? {} : { input: shown }),
    ...(metrics.length === 0 ? {} : { statistics: Object.fromEntries(statistics) as AnswersStatistics }),
  }
}

import { tasks } from '../../trainer/data/tasks.ts'
import type { MetricName, TaskKind } from '../../trainer/data/tasks.ts'
import { packColumn } from '../../trainer/metrics/aggregate.ts'
import type { Statistics } from '../../trainer/metrics/aggregate.ts'
import type { Interval, ScoreTile } from '../contract/comparisons.ts'
import { bootstrapPairs } from './bootstrap.ts'

/** One compared question's figures; F1 in percent. */
export interface QuestionScore {
  readonly task: TaskKind
  readonly base_right: number
  readonly tuned_right: number
  readonly base_f1: number
  readonly tuned_f1: number
  /** What the answers add to other metrics. */
  readonly statistics: AnswersStatistics | null
}

export type AnswersStatistics = Readonly<
  Partial<Record<MetricName, { readonly base: Statistics; readonly tuned: Statistics }>>
>

/**
 * The fewest questions of which a difference can be called more than noise: even if all point one way, a sign test
 * says so at 5 % from six on (2 · 2⁻⁶), while a bootstrap over fewer has no spread to see.
 */
export const fewestQuestions = 6

/** The metrics of one kind of task before and after, with intervals, over questions of that kind. */
export async function scoreTiles(
  questions: readonly QuestionScore[],
  task: TaskKind = 'question-answering',
): Promise<readonly ScoreTile[]> {
  const columns = metricsIn(questions, task).map((metric) => {
    const both = questions.map((question) => figuresOf(question, metric))
    return {
      metric,
      before: packColumn(
        metric,
        both.map(({ base }) => base),
      ),
      after: packColumn(
        metric,
        both.map(({ tuned }) => tuned),
      ),
    }
  })
  const values = await bootstrapPairs(columns)
  return columns.flatMap(({ metric }, i): ScoreTile[] => {
    const pair = values[i]
    return pair ? [{ task, metric, ...pair, verdict: verdictOf(pair.difference, questions.length) }] : []
  })
}

/** The metrics of the task for which every question has figures, and those that only these questions have. */
function metricsIn(questions: readonly QuestionScore[], task: TaskKind): readonly MetricName[] {
  const kept = new Set(Object.keys(questions[0]?.statistics ?? {}))
  return tasks[task].metrics.flatMap((metric): MetricName[] => {
    if (metric === 'exactMatch' || metric === 'f1' || metric === 'accuracy' || kept.has(metric))
      return [metric]
    // Of more than two labels the mean F1 stands for that of one.
    return metric === 'binaryF1' && kept.has('macroF1') ? ['macroF1'] : []
  })
}

function figuresOf(
  question: QuestionScore,
  metric: MetricName,
): { readonly base: Statistics; readonly tuned: Statistics } {
  const { base_f1, tuned_f1, base_right, tuned_right } = question
  if (metric === 'f1') return { base: [base_f1], tuned: [tuned_f1] }
  if (metric === 'exactMatch' || metric === 'accuracy')
    return { base: [100 * base_right], tuned: [100 * tuned_right] }
  return question.statistics?.[metric] ?? { base: [], tuned: [] }
}

function verdictOf({ low, high }: Interval, questions: number): ScoreTile['verdict'] {
  if (questions < fewestQuestions || (low <= 0 && high >= 0)) return 'noise'
  return low > 0 ? 'better' : 'worse'
}

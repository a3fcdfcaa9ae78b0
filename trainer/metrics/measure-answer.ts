import type { Example } from '../data/example.ts'
import { normalizeLabel, positiveLabel } from '../data/labels.ts'
import type { Labels } from '../data/labels.ts'
import { isUnanswerable } from '../data/qa-prompt.ts'
import { taskOf, tasks } from '../data/tasks.ts'
import type { MetricName, TaskKind } from '../data/tasks.ts'
import type { Statistics } from './aggregate.ts'
import { bleuStatistics } from './bleu.ts'
import { rouge } from './rouge.ts'
import type { RougeScores } from './rouge.ts'
import { scorePrediction } from './squad.ts'
import type { AnswerScore } from './squad.ts'

export type Gold = Pick<Example, 'answers'> & Partial<Pick<Example, 'form' | 'task'>>

/** One answer by every metric of its task. */
export interface MeasuredAnswer {
  readonly task: TaskKind
  /** By the rule of the task, see `tasks`. */
  readonly right: boolean
  /** Exact match and F1, 0 to 1; of a task with labels both say whether it is the right label. */
  readonly exact: number
  readonly f1: number
  readonly statistics: Readonly<Partial<Record<MetricName, Statistics>>>
}

/** The answer as a prediction file has it: empty where the model says of a question that it has none. */
export function predictionText(answer: string, form: Example['form'] = 'qa'): string {
  return form === 'qa' && isUnanswerable(answer) ? '' : answer
}

/**
 * The metrics of a kind of task, the main one first. The F1 of one label needs just two; among more labels it is the
 * mean of theirs.
 */
export function metricsOf(kind: TaskKind, labels: readonly string[]): readonly MetricName[] {
  const isBinary = positiveLabel(labels) !== null
  return tasks[kind].metrics.map((metric) => (metric === 'binaryF1' && !isBinary ? 'macroF1' : metric))
}

/**
 * Measures one answer against the accepted ones.
 *
 * @param labels The labels that the task knows, of training data and of what is scored: see `labelsOf`.
 */
export function measureAnswer(example: Gold, answer: string, labels: Labels): MeasuredAnswer {
  const kind = taskOf(example)
  const task = tasks[kind]
  const known = labels[kind] ?? []
  const prediction = predictionText(answer, example.form)
  const golds = example.answers.map(({ text }) => text)
  const metrics = metricsOf(kind, known)
  const choice = task.hasLabels ? chooseLabel(prediction, golds, known) : null
  const words = wordScores(prediction, example, choice)
  const lexical =
    task.right.metric === 'rougeL' || metrics.some((metric) => metric.startsWith('rouge'))
      ? rougeOf(prediction, golds, task.stems)
      : null
  const statisticsOf = (metric: MetricName): Statistics => {
    switch (metric) {
      case 'exactMatch':
        return [100 * words.exact]
      case 'f1':
        return [100 * words.f1]
      case 'accuracy':
        return [choice?.isRight ? 100 : 0]
      case 'macroF1':
        return [choice?.gold ?? -1, choice?.given ?? -1]
      case 'binaryF1': {
        const yes = known.indexOf(positiveLabel(known) ?? '')
        const [given, wanted] = [choice?.given === yes, choice?.gold === yes]
        return [Number(given && wanted), Number(given), Number(wanted)]
      }
      case 'bleu':
        return bleuStatistics(prediction, golds)
      default:
        return [100 * (lexical?.[metric] ?? 0)]
    }
  }
  const [reached = 0] = statisticsOf(task.right.metric)
  return {
    task: kind,
    right: reached >= task.right.from,
    ...words,
    statistics: Object.fromEntries(metrics.map((metric) => [metric, statisticsOf(metric)])),
  }
}

interface Choice {
  readonly isRight: boolean
  /** Numbers among the known labels; -1 for a text that is none of them. */
  readonly gold: number
  readonly given: number
}

/** Of several accepted labels the one that was given counts, else the first. */
function chooseLabel(prediction: string, golds: readonly string[], known: readonly string[]): Choice {
  const given = normalizeLabel(prediction)
  const accepted = golds.map(normalizeLabel)
  const isRight = accepted.includes(given)
  return { isRight, gold: known.indexOf(isRight ? given : (accepted[0] ?? '')), given: known.indexOf(given) }
}

function wordScores(prediction: string, { answers }: Gold, choice: Choice | null): AnswerScore {
  // SQuAD's normalisation takes labels such as “A” for nothing.
  if (choice) return { exact: Number(choice.isRight), f1: Number(choice.isRight) }
  return scorePrediction(prediction, answers)
}

/**
 * ROUGE of one answer, the best over the accepted ones. On an unanswerable question, where ROUGE says nothing, an
 * empty answer scores 1 and any other 0.
 */
export function rougeOf(prediction: string, golds: readonly string[], stems = false): RougeScores {
  if (golds.length > 0) return rouge(prediction, golds, { stems })
  const right = prediction === '' ? 1 : 0
  return { rouge1: right, rouge2: right, rougeL: right, rougeLsum: right }
}

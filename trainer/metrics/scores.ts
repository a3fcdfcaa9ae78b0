import type { Labels } from '../data/labels.ts'
import { labelsOf } from '../data/labels.ts'
import { taskKinds } from '../data/tasks.ts'
import type { TaskScores, Scores } from '../protocol.ts'
import { aggregate, packColumn } from './aggregate.ts'
import { measureAnswer, metricsOf, predictionText, rougeOf } from './measure-answer.ts'
import type { Gold, MeasuredAnswer } from './measure-answer.ts'
import type { RougeScores } from './rouge.ts'

/**
 * Mean exact match, F1 and ROUGE-L of one answer for each example, in percent, and the metrics of each task that the
 * examples are of; 0 where there are no examples. The answer `unanswerable` counts as an empty prediction.
 *
 * @param labels Labels that classification knows beside those that are accepted here, for instance of the training
 * data: an answer that is none of them is no class.
 */
export function scoreAnswers(
  examples: readonly Gold[],
  answers: readonly string[],
  labels: Labels = {},
): Scores {
  const known = withAccepted(labels, examples)
  const measured = examples.map((example, i) => measureAnswer(example, answers[i] ?? '', known))
  const scores = {
    exactMatch: percent(measured.map(({ exact }) => exact)),
    f1: percent(measured.map(({ f1 }) => f1)),
    rougeL: rougeScores(examples, answers).rougeL,
    count: examples.length,
  }
  const isOnlyQuestions = measured.every(({ task }) => task === 'question-answering')
  return isOnlyQuestions ? scores : { ...scores, tasks: taskScores(measured, known) }
}

/** The labels that are known, and those that examples accept. */
export function withAccepted(labels: Labels, examples: readonly Gold[]): Labels {
  const accepted = labelsOf(examples)
  return Object.fromEntries(
    taskKinds.flatMap((kind) => {
      const all = [...new Set([...(labels[kind] ?? []), ...(accepted[kind] ?? [])])].sort()
      return all.length > 0 ? [[kind, all]] : []
    }),
  )
}

/** In the order of the table of tasks. */
function taskScores(measured: readonly MeasuredAnswer[], labels: Labels): readonly TaskScores[] {
  return taskKinds.flatMap((task) => {
    const ofTask = measured.filter((one) => one.task === task)
    if (ofTask.length === 0) return []
    const values = metricsOf(task, labels[task] ?? []).map((metric) => {
      const statistics = ofTask.map((one) => one.statistics[metric] ?? [])
      return [metric, aggregate(packColumn(metric, statistics))] as const
    })
    return [{ task, count: ofTask.length, values: Object.fromEntries(values) }]
  })
}

/** Mean ROUGE of one answer for each example, without stemming, in percent, the best over the accepted answers. */
export function rougeScores(
  examples: readonly Gold[],
  answers: readonly string[],
): Omit<RougeScores, 'rougeLsum'> {
  const scores = examples.map((example, i) =>
    rougeOf(
      predictionText(answers[i] ?? '', example.form),
      example.answers.map(({ text }) => text),
    ),
  )
  return {
    rouge1: percent(scores.map((score) => score.rouge1)),
    rouge2: percent(scores.map((score) => score.rouge2)),
    rougeL: percent(scores.map((score) => score.rougeL)),
  }
}

function percent(values: readonly number[]): number {
  if (values.length === 0) return 0
  return (100 * values.reduce((sum, value) => sum + value, 0)) / values.length
}

import type { Example, ExampleForm } from '../data/example.ts'
import { isUnanswerable } from '../data/qa-prompt.ts'
import type { Scores } from '../protocol.ts'
import { rouge } from './rouge.ts'
import type { RougeScores } from './rouge.ts'
import { scorePrediction } from './squad.ts'

type Gold = Pick<Example, 'answers'> & Partial<Pick<Example, 'form'>>

/** The answer as a prediction file has it: empty where the model says of a question that it has none. */
export function predictionText(answer: string, form: ExampleForm = 'qa'): string {
  return form === 'qa' && isUnanswerable(answer) ? '' : answer
}

/**
 * Mean exact match, F1 and ROUGE-L of one answer for each example, in percent; 0 where there are no examples.
 * The answer `unanswerable` counts as an empty prediction.
 */
export function scoreAnswers(examples: readonly Gold[], answers: readonly string[]): Scores {
  const scores = examples.map((example, i) =>
    scorePrediction(predictionText(answers[i] ?? '', example.form), example.answers),
  )
  return {
    exactMatch: percent(scores.map((score) => score.exact)),
    f1: percent(scores.map((score) => score.f1)),
    rougeL: rougeScores(examples, answers).rougeL,
    count: examples.length,
  }
}

/**
 * Mean ROUGE of one answer for each example, in percent, the best over the accepted answers. On an unanswerable
 * question, where ROUGE says nothing, `unanswerable` or an empty answer scores 100 and any other 0.
 */
export function rougeScores(examples: readonly Gold[], answers: readonly string[]): RougeScores {
  const scores = examples.map((example, i) =>
    rougeOf(predictionText(answers[i] ?? '', example.form), example),
  )
  return {
    rouge1: percent(scores.map((score) => score.rouge1)),
    rouge2: percent(scores.map((score) => score.rouge2)),
    rougeL: percent(scores.map((score) => score.rougeL)),
  }
}

function rougeOf(prediction: string, { answers }: Gold): RougeScores {
  if (answers.length > 0)
    return rouge(
      prediction,
      answers.map(({ text }) => text),
    )
  const right = prediction === '' ? 1 : 0
  return { rouge1: right, rouge2: right, rougeL: right }
}

function percent(values: readonly number[]): number {
  if (values.length === 0) return 0
  return (100 * values.reduce((sum, value) => sum + value, 0)) / values.length
}

import { answerWords, normalizeAnswer } from '../data/normalize-answer.ts'

/** What the scorer needs of a question; no answers means that it is unanswerable. */
export interface GoldQuestion {
  readonly id: string
  readonly answers: readonly { readonly text: string }[]
}

/** How well one prediction answers its question, each 0 to 1. */
export interface AnswerScore {
  readonly exact: number
  readonly f1: number
}

/** 1 where prediction and gold answer are the same after normalisation, else 0. */
export function exactMatch(prediction: string, gold: string): number {
  return normalizeAnswer(prediction) === normalizeAnswer(gold) ? 1 : 0
}

/** Harmonic mean of precision and recall over the normalised words, 0 to 1; two empty answers agree. */
export function f1Score(prediction: string, gold: string): number {
  return wordF1(answerWords(prediction), answerWords(gold))
}

/** The best exact match and F1 of a prediction over the accepted answers of a question, each 0 to 1. */
export function scorePrediction(prediction: string, answers: GoldQuestion['answers']): AnswerScore {
  // As the official scorer: answers that normalise to nothing do not count; without any, the empty one is right.
  const golds = answers.map(({ text }) => answerWords(text)).filter((words) => words.length > 0)
  if (golds.length === 0) golds.push([])
  const words = answerWords(prediction)
  const joined = words.join(' ')
  return {
    exact: golds.some((gold) => gold.join(' ') === joined) ? 1 : 0,
    f1: golds.reduce((best, gold) => Math.max(best, wordF1(words, gold)), 0),
  }
}

/**
 * The figures of the official SQuAD 2.0 scorer (evaluate-v2.0.py, Rajpurkar et al. 2018), in percent and under
 * its names: exact, f1, total, then HasAns_* and NoAns_* for the kinds of questions that occur. As there, an id
 * that occurs more than once counts once, by its last question, and a question without a prediction is not
 * counted in `exact`, `f1` and `total`; the official script then stops with an error at HasAns_* and NoAns_*,
 * which here cover the predicted questions alike.
 */
export function squadFigures(
  questions: readonly GoldQuestion[],
  predictions: ReadonlyMap<string, string>,
): Record<string, number> {
  const byId = new Map(questions.map((question) => [question.id, question]))
  const hasAnswer: AnswerScore[] = []
  const noAnswer: AnswerScore[] = []
  for (const { id, answers } of byId.values()) {
    const prediction = predictions.get(id)
    if (prediction === undefined) continue
    const kind = answers.length > 0 ? hasAnswer : noAnswer
    kind.push(scorePrediction(prediction, answers))
  }
  return {
    ...figures('', [...hasAnswer, ...noAnswer]),
    ...(hasAnswer.length > 0 ? figures('HasAns_', hasAnswer) : {}),
    ...(noAnswer.length > 0 ? figures('NoAns_', noAnswer) : {}),
  }
}

function figures(prefix: string, scores: readonly AnswerScore[]): Record<string, number> {
  const percent = (part: keyof AnswerScore) =>
    scores.length === 0 ? 0 : (100 * scores.reduce((sum, score) => sum + score[part], 0)) / scores.length
  return {
    [`${prefix}exact`]: percent('exact'),
    [`${prefix}f1`]: percent('f1'),
    [`${prefix}total`]: scores.length,
  }
}

function wordF1(prediction: readonly string[], gold: readonly string[]): number {
  if (prediction.length === 0 || gold.length === 0) return prediction.length === gold.length ? 1 : 0
  const left = new Map<string, number>()
  for (const word of gold) left.set(word, (left.get(word) ?? 0) + 1)
  let same = 0
  for (const word of prediction) {
    const count = left.get(word) ?? 0
    if (count === 0) continue
    left.set(word, count - 1)
    same++
  }
  if (same === 0) return 0
  const precision = same / prediction.length
  const recall = same / gold.length
  return (2 * precision * recall) / (precision + recall)
}

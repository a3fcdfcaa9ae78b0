import { readQuestions } from './data/read-questions.ts'
import { readText } from './data/read-text.ts'
import { TrainerError } from './errors.ts'
import { squadFigures } from './metrics/squad.ts'
import type { Report, ScoreCommand, ScoreResult } from './protocol.ts'
import { shownValue } from './shown-value.ts'

/**
 * Scores a SQuAD prediction file (question id → answer text, empty for unanswerable) with the official figures.
 * The questions count as they stand in the data file: nothing is mended, merged or dropped for scoring.
 *
 * @throws TrainerError `file_missing` or `data_invalid` for either file; `data_invalid` where no id of the
 * predictions stands in the data.
 */
export async function score(
  command: ScoreCommand,
  context: { report(report: Report): void },
): Promise<ScoreResult> {
  context.report({ type: 'phase', phase: 'loading' })
  const questions = await readQuestions(command.data)
  const predictions = await readPredictions(command.predictions)
  const ids = new Set(questions.map((question) => question.id))
  const missing = [...ids].filter((id) => !predictions.has(id)).length
  if (missing === ids.size)
    throw new TrainerError(
      'data_invalid',
      `None of the ${predictions.size} ids in ${command.predictions} stands in ${command.data}. Choose the predictions made for this data file.`,
      { data: command.data, predictions: command.predictions, count: predictions.size },
    )
  return { type: 'result', kind: 'score', squad: squadFigures(questions, predictions), missing }
}

/**
 * Reads a SQuAD prediction file: one JSON object, question id → answer text.
 *
 * @throws TrainerError `file_missing`, or `data_invalid` where it is something else.
 */
export async function readPredictions(path: string): Promise<Map<string, string>> {
  const text = await readText(path)
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw notPredictions(path, error instanceof Error ? error.message : String(error))
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw notPredictions(path, `it holds ${Array.isArray(value) ? 'a list' : String(value)}`)
  const entries: [string, string][] = Object.entries(value).map(([id, answer]: [string, unknown]) => {
    if (typeof answer !== 'string') throw notPredictions(path, `the answer of ${id} is ${shownValue(answer)}`)
    return [id, answer]
  })
  return new Map(entries)
}

function notPredictions(path: string, reason: string): TrainerError {
  return new TrainerError(
    'data_invalid',
    `${path} is not a prediction file: ${reason}. Expected is one JSON object, question id to answer text: {"56ddde6b9a69":"France"}.`,
    { path, reason },
  )
}

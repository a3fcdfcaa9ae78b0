import type { ExportedRow } from './exported-rows.ts'

/**
 * Examples as one JSON object a line: questions in the columns that Hugging Face datasets give SQuAD, tasks as
 * `{ instruction, input, target }`, where several targets are a list.
 */
export async function* jsonlText(rows: AsyncIterable<ExportedRow>): AsyncGenerator<string> {
  for await (const row of rows) yield `${JSON.stringify(row.form === 'task' ? task(row) : question(row))}\n`
}

function question({ id, title, context, question: asked, answers, isImpossible, extra }: ExportedRow) {
  return {
    id,
    title,
    context,
    question: asked,
    answers: { text: answers.map(({ text }) => text), answer_start: answers.map(({ start }) => start) },
    is_impossible: isImpossible,
    ...extra,
  }
}

function task({ id, title, context, question: instruction, answers }: ExportedRow) {
  const targets = answers.map(({ text }) => text)
  return {
    id,
    title,
    instruction,
    input: context,
    target: targets.length > 1 ? targets : (targets[0] ?? ''),
  }
}

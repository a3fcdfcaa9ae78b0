import type { ExportedRow } from './exported-rows.ts'

/**
 * Examples as one JSON object a line: questions in the columns that Hugging Face datasets give SQuAD, tasks as
 * `{ task, instruction, input, target }`, where several targets are a list and any other text has no kind.
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

function task({ id, title, task: kind, context, question: instruction, answers }: ExportedRow) {
  const targets = answers.map(({ text }) => text)
  return {
    id,
    title,
    ...(kind !== null && kind !== 'text' ? { task: kind } : {}),
    instruction,
    input: context,
    target: targets.length > 1 ? targets : (targets[0] ?? ''),
  }
}

import type { ExportedRow } from './exported-rows.ts'

/**
 * Questions as a SQuAD file: version 2.0 where some are unanswerable, else 1.1, which has no mark for it (Rajpurkar
 * et al. 2016, 2018). Rows of one group become one article, those about one context one paragraph; they must stand
 * together.
 */
export async function* squadText(
  rows: AsyncIterable<ExportedRow>,
  { hasUnanswerable }: { readonly hasUnanswerable: boolean },
): AsyncGenerator<string> {
  yield `{"version": ${hasUnanswerable ? '"v2.0"' : '"1.1"'}, "data": [`
  let last: ExportedRow | null = null
  for await (const row of rows) {
    const isNewArticle = last?.group !== row.group
    const isNewParagraph = isNewArticle || last?.passageId !== row.passageId
    const parts: string[] = []
    if (isNewArticle) {
      if (last) parts.push(']}]}, ')
      parts.push(`{"title": ${JSON.stringify(row.title)}, "paragraphs": [`)
    } else if (isNewParagraph) parts.push(']}, ')
    parts.push(isNewParagraph ? `{"context": ${JSON.stringify(row.context)}, "qas": [` : ', ')
    parts.push(JSON.stringify(question(row, hasUnanswerable)))
    yield parts.join('')
    last = row
  }
  yield last ? ']}]}]}\n' : ']}\n'
}

function question(
  { id, question: asked, answers, isImpossible, extra }: ExportedRow,
  hasUnanswerable: boolean,
) {
  return {
    ...(Array.isArray(extra['plausible_answers']) ? { plausible_answers: extra['plausible_answers'] } : {}),
    id,
    question: asked,
    answers: answers.map(({ text, start }) => ({ text, answer_start: start })),
    ...(hasUnanswerable ? { is_impossible: isImpossible } : {}),
  }
}

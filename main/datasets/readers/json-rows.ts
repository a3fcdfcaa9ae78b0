import { locateJsonFault } from '../../../trainer/data/json-position.ts'
import { describeValue, isObject } from '../../../trainer/data/raw-record.ts'
import { readArticle } from '../../../trainer/data/squad-form.ts'
import { isTooDeep, tooDeep } from './nesting.ts'
import type { TableRow } from './table.ts'

/** A row before it is known how much of the file lies before its end. */
export type JsonRow = Omit<TableRow, 'end'>

/** Columns that a SQuAD file has when its nesting is undone. */
export const squadColumns = ['id', 'title', 'context', 'question', 'answers', 'is_impossible'] as const

/** An entry of a list as a row: a record, or what is wrong with it. */
export function rowOfEntry(value: unknown, where: string): JsonRow {
  if (isTooDeep(value)) return { where, fault: tooDeep, values: {} }
  if (isObject(value)) return { where, fault: null, values: value }
  return { where, fault: `A record is expected, not ${describeValue(value)}.`, values: {} }
}

/** The questions of a SQuAD article as rows. */
export function rowsOfArticle(article: unknown, where: string): JsonRow[] {
  return readArticle(article, where).map((record) => {
    const answers = record.answers.map(({ text, start }) => ({ text, answer_start: start }))
    const { fault, id, title, context, question, isImpossible, extra } = record
    const values = { id, title, context, question, answers, is_impossible: isImpossible, ...extra }
    return { where: record.where, fault, values: fault === null ? values : {} }
  })
}

/**
 * Parses JSON, also with the NaN and Infinity that Python writes, which become null.
 *
 * @returns the value, or what is wrong with the text and where.
 */
export function parseJson(text: string): { readonly value: unknown } | { readonly fault: string } {
  try {
    return { value: JSON.parse(text) as unknown }
  } catch {
    const mended = /NaN|Infinity/.test(text) ? withoutNaN(text) : null
    if (mended !== null) return { value: mended.value }
    const found = locateJsonFault(text)
    const place =
      found === null
        ? ''
        : found.line === 1
          ? `, column ${found.column}`
          : `, line ${found.line}, column ${found.column}`
    return { fault: found ? `${place}: ${found.reason}` : '' }
  }
}

function withoutNaN(text: string): { readonly value: unknown } | null {
  try {
    const plain = text.replaceAll(/"(?:[^"\\]|\\[^])*"|-?\b(?:NaN|Infinity)\b/g, (part) =>
      part.startsWith('"') ? part : 'null',
    )
    return { value: JSON.parse(plain) as unknown }
  } catch {
    return null
  }
}

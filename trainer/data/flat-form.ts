import { describeValue, faultyRecord, isObject, readAnswers, readImpossible } from './raw-record.ts'
import type { RawRecord } from './raw-record.ts'

/** Whether a list looks like flat records: some entry has a context or a question. */
export function isFlatForm(records: readonly unknown[]): boolean {
  return records.some((record) => isObject(record) && ('context' in record || 'question' in record))
}

/** The records of a flat list; `place` names the place of an index. */
export function readFlatForm(records: readonly unknown[], place: (index: number) => string): RawRecord[] {
  return records.map((record, i) => readFlatRecord(record, place(i)))
}

/** One flat record: `{ id, title?, context, question, answers, is_impossible? }`. */
export function readFlatRecord(record: unknown, where: string): RawRecord {
  if (!isObject(record)) return faultyRecord(where, `A record is expected, not ${describeValue(record)}.`)
  const { answers, emptyByForm } = readAnswers(record)
  const title = record['title']
  return {
    where,
    fault: null,
    id: record['id'],
    context: record['context'],
    question: record['question'],
    answers,
    answersEmptyByForm: emptyByForm,
    isImpossible: readImpossible(record),
    title: typeof title === 'string' && title.trim() !== '' ? title : null,
  }
}

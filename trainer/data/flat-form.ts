import {
  describeValue,
  faultyRecord,
  isObject,
  readAnswers,
  readExtra,
  readImpossible,
} from './raw-record.ts'
import type { RawAnswer, RawObject, RawRecord } from './raw-record.ts'

/** Whether a list looks like flat records: some entry has a context, a question or an instruction. */
export function isFlatForm(records: readonly unknown[]): boolean {
  return records.some(
    (record) => isObject(record) && ('context' in record || 'question' in record || 'instruction' in record),
  )
}

/** The records of a flat list; `place` names the place of an index. */
export function readFlatForm(records: readonly unknown[], place: (index: number) => string): RawRecord[] {
  return records.map((record, i) => readFlatRecord(record, place(i)))
}

/**
 * One flat record: `{ id, title?, context, question, answers, is_impossible? }`, or a task:
 * `{ id?, title?, instruction, input?, target }`, its targets also as a list (`targets`) or under `output`.
 */
export function readFlatRecord(record: unknown, where: string): RawRecord {
  if (!isObject(record)) return faultyRecord(where, `A record is expected, not ${describeValue(record)}.`)
  const title = record['title']
  const common = {
    where,
    fault: null,
    id: record['id'],
    title: typeof title === 'string' && title.trim() !== '' ? title : null,
  }
  if ('instruction' in record && !('question' in record))
    return {
      ...common,
      form: 'task',
      context: record['input'],
      question: record['instruction'],
      answers: readTargets(record),
      answersEmptyByForm: false,
      isImpossible: null,
      extra: null,
    }
  const { answers, emptyByForm } = readAnswers(record)
  return {
    ...common,
    form: 'qa',
    context: record['context'],
    question: record['question'],
    answers,
    answersEmptyByForm: emptyByForm,
    isImpossible: readImpossible(record),
    extra: readExtra(record),
  }
}

function readTargets(record: RawObject): RawAnswer[] {
  const given = record['targets'] ?? record['target'] ?? record['output']
  const texts: readonly unknown[] = Array.isArray(given) ? given : [given]
  return texts.flatMap((text) =>
    typeof text === 'string' || typeof text === 'number' ? [{ text: String(text), start: null }] : [],
  )
}

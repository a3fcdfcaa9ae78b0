import {
  describeValue,
  faultyRecord,
  isObject,
  readAnswers,
  readExtra,
  readImpossible,
} from './raw-record.ts'
import type { RawAnswer, RawObject, RawRecord } from './raw-record.ts'
import { readTaskKind } from './tasks.ts'

/** Whether a list looks like flat records: some entry has a context, a question, an instruction or is plain text. */
export function isFlatForm(records: readonly unknown[]): boolean {
  return records.some((record) => isObject(record) && (asks(record) || isPassage(record)))
}

function asks(record: RawObject): boolean {
  return 'context' in record || 'question' in record || 'instruction' in record
}

/** A text without anything that is asked about it, and without a label that would make it a task of its own. */
function isPassage(record: RawObject): boolean {
  const known = ['text', 'title', 'source', 'id']
  return typeof record['text'] === 'string' && Object.keys(record).every((key) => known.includes(key))
}

/** The records of a flat list; `place` names the place of an index. */
export function readFlatForm(records: readonly unknown[], place: (index: number) => string): RawRecord[] {
  return records.map((record, i) => readFlatRecord(record, place(i)))
}

/**
 * One flat record: `{ id, title?, context, question, answers, is_impossible? }`, or a task:
 * `{ id?, title?, task?, instruction, input?, target }`, its targets also as a list (`targets`) or under `output`.
 * `task` is one of `taskKinds`, or a name that is known for it; any other is taken for none. Plain text to be learnt is
 * `{ text, title?, source?, id? }`; texts of one title, or without it of one source, belong together.
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
  if (isPassage(record))
    return {
      ...common,
      form: 'passage',
      title: common.title ?? sourceOf(record),
      context: record['text'],
      question: '',
      answers: [],
      answersEmptyByForm: false,
      isImpossible: null,
      extra: null,
    }
  if ('instruction' in record && !('question' in record))
    return {
      ...common,
      form: 'task',
      task: readTaskKind(record['task']),
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

function sourceOf({ source }: RawObject): string | null {
  return typeof source === 'string' && source.trim() !== '' ? source : null
}

function readTargets(record: RawObject): RawAnswer[] {
  const given = record['targets'] ?? record['target'] ?? record['output']
  const texts: readonly unknown[] = Array.isArray(given) ? given : [given]
  return texts.flatMap((text) =>
    typeof text === 'string' || typeof text === 'number' ? [{ text: String(text), start: null }] : [],
  )
}

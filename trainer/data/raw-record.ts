import type { ExampleForm } from './example.ts'
import type { TaskKind } from './tasks.ts'

/** An answer as a file has it: the offset is null where the file gives none. */
export interface RawAnswer {
  readonly text: string
  readonly start: number | null
}

/** One entry of a data file, whatever its form, before any check. */
export interface RawRecord {
  /** `data[3].paragraphs[0].qas[2]`, `[17]`, or `line 18`. */
  readonly where: string
  /** Why the entry is no record at all, or null. */
  readonly fault: string | null
  readonly form: ExampleForm
  /** Of the form `task`, where the entry says it. */
  readonly task?: TaskKind | null
  readonly id: unknown
  /** Of a task the input. */
  readonly context: unknown
  /** Of a task the instruction. */
  readonly question: unknown
  readonly answers: readonly RawAnswer[]
  /** True where the answers are a present but empty `{ text: [], answer_start: [] }`. */
  readonly answersEmptyByForm: boolean
  readonly isImpossible: boolean | null
  readonly title: string | null
  /** What else the entry holds that an export gives back (SQuAD's `plausible_answers`); null where nothing. */
  readonly extra: RawObject | null
}

export type RawObject = Readonly<Record<string, unknown>>

export function isObject(value: unknown): value is RawObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** An entry that is no record, with the reason. */
export function faultyRecord(where: string, fault: string): RawRecord {
  return {
    where,
    fault,
    form: 'qa',
    id: null,
    context: null,
    question: null,
    answers: [],
    answersEmptyByForm: false,
    isImpossible: null,
    title: null,
    extra: null,
  }
}

/** Says in a word what a JSON value is, for messages. */
export function describeValue(value: unknown): string {
  if (value === null) return 'null'
  if (value === undefined) return 'nothing'
  if (Array.isArray(value)) return 'a list'
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}

/** The `is_impossible` mark of a record, or null where it has none. */
export function readImpossible(record: RawObject): boolean | null {
  const mark = record['is_impossible'] ?? record['isImpossible']
  if (typeof mark === 'boolean') return mark
  if (mark === 1 || mark === 'true' || mark === 'True') return true
  if (mark === 0 || mark === 'false' || mark === 'False') return false
  return null
}

/** SQuAD 2.0's answers that only look right, as the record gives them; null where there are none. */
export function readExtra(record: RawObject): RawObject | null {
  const plausible = record['plausible_answers']
  return Array.isArray(plausible) && plausible.length > 0 ? { plausible_answers: plausible } : null
}

/**
 * The answers of a record in any of the forms that are about: `[{ text, answer_start }]` (SQuAD),
 * `{ text: [], answer_start: [] }` (Hugging Face datasets), a list of texts, or one `answer` text.
 */
export function readAnswers(record: RawObject): { answers: RawAnswer[]; emptyByForm: boolean } {
  const given = record['answers'] ?? record['answer']
  if (Array.isArray(given)) return { answers: given.flatMap(readAnswer), emptyByForm: false }
  if (typeof given === 'string')
    return { answers: [{ text: given, start: readStart(record) }], emptyByForm: false }
  if (!isObject(given)) return { answers: [], emptyByForm: false }
  const texts = given['text']
  if (!Array.isArray(texts)) return { answers: readAnswer(given), emptyByForm: false }
  const starts = given['answer_start']
  const answers = texts.flatMap((text: unknown, i) => {
    const start: unknown = Array.isArray(starts) ? starts[i] : null
    return typeof text === 'string' ? [{ text, start: typeof start === 'number' ? start : null }] : []
  })
  return { answers, emptyByForm: texts.length === 0 }
}

function readAnswer(value: unknown): RawAnswer[] {
  if (typeof value === 'string') return [{ text: value, start: null }]
  if (!isObject(value) || typeof value['text'] !== 'string') return []
  return [{ text: value['text'], start: readStart(value) }]
}

function readStart(value: RawObject): number | null {
  const start = value['answer_start'] ?? value['start']
  return typeof start === 'number' ? start : null
}

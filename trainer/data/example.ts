import type { TaskKind } from './tasks.ts'

/**
 * One accepted answer: its text and where it starts in the context, counted in Unicode code points; null for the
 * target of a task, which need not stand in its input.
 */
export interface Answer {
  readonly text: string
  readonly start: number | null
}

/**
 * Answers are spans of the context, or texts of their own that an instruction asks for; or the context itself is what
 * is learnt, and there is neither question nor answer.
 */
export const exampleForms = ['qa', 'task', 'passage'] as const
export type ExampleForm = (typeof exampleForms)[number]
/** The forms of what can be asked. */
export type AskedForm = Exclude<ExampleForm, 'passage'>

/**
 * The one form of training data: a question about a context, after SQuAD (Rajpurkar et al. 2016, 2018).
 * `answers` is empty exactly when `isImpossible` is true. `group` is what must not stand on both sides of a
 * split (an article, or a paragraph where there is no article); `source` says where the record came from.
 *
 * Other tasks use the same record with the form `task`: `context` is the input, which may be empty, `question` the
 * instruction, `answers` the accepted targets. A question to be answered from memory (closed-book) is one of these.
 * `task` says which of the tasks, and so how its answers are scored.
 *
 * Plain text to be learnt has the form `passage`: `context` is the text, `question` is empty.
 */
export interface Example {
  readonly id: string
  readonly form: ExampleForm
  /** Of the form `task`; `text` where it is left out. */
  readonly task?: TaskKind
  readonly context: string
  readonly question: string
  readonly answers: readonly Answer[]
  readonly isImpossible: boolean
  readonly group: string
  readonly source: string
}

/** What is wrong with a record. A problem either drops the record or is mended; both are counted and listed. */
export const problemKinds = [
  'not_a_record', // the entry is not an object
  'context_missing',
  'question_missing',
  'answer_missing', // no answer and not marked as unanswerable
  'answer_not_in_context',
  'answer_offset_off', // mended: the offset was moved to where the answer stands
  'answer_offset_unit', // mended: the offset counted bytes or UTF-16 units and was converted
  'answer_ambiguous', // mended: the answer occurs several times and no offset says where; the first was taken
  'target_missing', // a task without a target
  'answer_despite_impossible', // mended: marked as unanswerable, its answers are left out
  'id_missing', // mended: an id was made
  'id_duplicate', // mended: the id got a suffix
  'record_duplicate', // the same context, question and answers once more; kept as it is where it has an id of its own
  'text_malformed', // mended: lone surrogates replaced
  'text_mojibake', // kept as it is: UTF-8 that was read as Windows-1252; a mend writes it right
  'text_too_long', // kept as it is: a question, answer or context of unlikely length
] as const

export type ProblemKind = (typeof problemKinds)[number]

/** One finding about one record, with the place where it stands in the file. */
export interface Problem {
  readonly kind: ProblemKind
  /** `data[3].paragraphs[0].qas[2]`, `[17]`, or `line 18`. */
  readonly where: string
  readonly id: string | null
  readonly message: string
  /** What became of the record: mended and kept, kept as it is, or dropped. */
  readonly outcome: 'mended' | 'flagged' | 'dropped'
}

/** The outcome of reading one file: what can be used, and all that was found. */
export interface Dataset {
  readonly examples: readonly Example[]
  readonly problems: readonly Problem[]
  readonly format: 'squad' | 'flat-json' | 'flat-jsonl'
  readonly records: number
}

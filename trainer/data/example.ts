/** One accepted answer: its text and where it starts in the context, counted in Unicode code points. */
export interface Answer {
  readonly text: string
  readonly start: number
}

/**
 * The one form of training data: a question about a context, after SQuAD (Rajpurkar et al. 2016, 2018).
 * `answers` is empty exactly when `isImpossible` is true. `group` is what must not stand on both sides of a
 * split (an article, or a paragraph where there is no article); `source` says where the record came from.
 */
export interface Example {
  readonly id: string
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
  'answer_despite_impossible', // mended: marked as unanswerable, its answers are left out
  'id_missing', // mended: an id was made
  'id_duplicate', // mended: the id got a suffix
  'record_duplicate', // the same context, question and answers once more
  'text_malformed', // mended: lone surrogates replaced
] as const

export type ProblemKind = (typeof problemKinds)[number]

/** One finding about one record, with the place where it stands in the file. */
export interface Problem {
  readonly kind: ProblemKind
  /** `data[3].paragraphs[0].qas[2]`, `[17]`, or `line 18`. */
  readonly where: string
  readonly id: string | null
  readonly message: string
  /** True where the record was mended and kept, false where it was dropped. */
  readonly mended: boolean
}

/** The outcome of reading one file: what can be used, and all that was found. */
export interface Dataset {
  readonly examples: readonly Example[]
  readonly problems: readonly Problem[]
  readonly format: 'squad' | 'flat-json' | 'flat-jsonl'
  readonly records: number
}

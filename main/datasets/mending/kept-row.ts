import type { Example, ExampleForm } from '../../../trainer/data/example.ts'
import type { RawObject, RawRecord } from '../../../trainer/data/raw-record.ts'
import type { TaskKind } from '../../../trainer/data/tasks.ts'
import type { ExampleAnswer } from '../../contract/examples.ts'

/** An example as it was before a mend, so that it can be put back; its context stays among the passages. */
export interface KeptRow {
  readonly kept: 1
  readonly key: string
  /** SHA-256 of the context. */
  readonly hash: string
  readonly question: string
  readonly answers: readonly ExampleAnswer[]
  readonly isImpossible: boolean
  readonly group: string
  readonly form: ExampleForm
  /** Left out by rows that were kept before there were kinds of tasks. */
  readonly task?: TaskKind | null
  readonly extra: RawObject | null
  readonly place: string
  /** What the finding said of the row: it says so again when the row is put back. */
  readonly status: 'mended' | 'flagged'
  /** How many mends of the row, done before, changed it where it stands. */
  readonly depth: number
  /** Other findings on the row, while it is out. */
  readonly others: readonly number[]
}

/** What a row of `example` holds, with its passage. */
export interface ExampleState {
  readonly key: string
  readonly hash: string
  readonly context: string
  readonly question: string
  /** JSON. */
  readonly answers: string
  readonly isImpossible: number
  readonly grp: string
  readonly form: ExampleForm
  readonly task: TaskKind | null
  /** JSON. */
  readonly extra: string | null
  readonly examplePlace: string
}

export function keptRow(
  state: ExampleState,
  more: Pick<KeptRow, 'status'> & { readonly depth?: number; readonly others?: readonly number[] },
): KeptRow {
  return {
    kept: 1,
    key: state.key,
    hash: state.hash,
    question: state.question,
    answers: JSON.parse(state.answers) as ExampleAnswer[],
    isImpossible: state.isImpossible === 1,
    group: state.grp,
    form: state.form,
    task: state.task,
    extra: extraOf(state.extra),
    place: state.examplePlace,
    depth: 0,
    others: [],
    ...more,
  }
}

/** The example of a kept row. */
export function keptExample(row: KeptRow, context: string): Example {
  const { key, question, answers, isImpossible, group, form, task } = row
  return {
    id: key,
    form,
    ...(task ? { task } : {}),
    context,
    question,
    answers,
    isImpossible,
    group,
    source: '',
  }
}

/** An example as a record, to be mended and checked again. */
export function stateRecord(state: ExampleState): RawRecord {
  return {
    where: state.examplePlace,
    fault: null,
    form: state.form,
    task: state.task,
    id: state.key,
    context: state.context,
    question: state.question,
    answers: JSON.parse(state.answers) as ExampleAnswer[],
    answersEmptyByForm: false,
    isImpossible: state.form === 'qa' ? state.isImpossible === 1 : null,
    title: state.grp,
    extra: extraOf(state.extra),
  }
}

function extraOf(json: string | null): RawObject | null {
  return json === null ? null : (JSON.parse(json) as RawObject)
}

import type { AskedForm } from '../../../trainer/data/example.ts'
import { taskOf } from '../../../trainer/data/tasks.ts'
import type { TaskKind } from '../../../trainer/data/tasks.ts'
import type { ExampleAnswer, ExampleRow } from '../../contract/examples.ts'
import type { SplitName } from '../../contract/splits.ts'
import type { Reader, SqlValue } from '../../store/connection.ts'

/** What `exampleColumns` give. */
export interface StoredExample {
  readonly id: number
  readonly key: string
  readonly sourceId: string
  readonly sourceName: string
  readonly place: string
  readonly form: AskedForm
  /** Null for questions about a passage. */
  readonly task: TaskKind | null
  readonly context: string
  readonly question: string
  readonly answers: string
  readonly isImpossible: number
  readonly grp: string
  readonly split: SplitName
  readonly passageId: number
}

export const exampleColumns = `
  e.id, e.key, e.source_id AS sourceId, s.name AS sourceName, e.place, e.form, e.task, p.text AS context, e.question, e.answers,
  e.is_impossible AS isImpossible, e.grp, e.split, e.passage_id AS passageId`

export const exampleJoins = 'JOIN passage p ON p.id = e.passage_id JOIN source s ON s.id = e.source_id'

export function exampleRow(stored: StoredExample): ExampleRow {
  return {
    id: stored.id,
    key: stored.key,
    sourceId: stored.sourceId,
    sourceName: stored.sourceName,
    where: stored.place,
    form: stored.form,
    task: taskOf(stored),
    context: stored.context,
    question: stored.question,
    answers: answersOf(stored),
    isImpossible: stored.isImpossible === 1,
    group: stored.grp,
    split: stored.split,
  }
}

export function answersOf({ answers }: Pick<StoredExample, 'answers'>): ExampleAnswer[] {
  return JSON.parse(answers) as ExampleAnswer[]
}

/** The first example that fulfils a condition on `e`; null where there is none that is ready. */
export function findExample(
  store: Reader,
  condition: string,
  ...values: readonly SqlValue[]
): Promise<StoredExample | null> {
  return store.get<StoredExample>(
    `SELECT ${exampleColumns} FROM example e ${exampleJoins} WHERE s.ready = 1 AND ${condition} ORDER BY e.id LIMIT 1`,
    ...values,
  )
}

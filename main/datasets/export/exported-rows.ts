import type { ExampleForm } from '../../../trainer/data/example.ts'
import type { RawObject } from '../../../trainer/data/raw-record.ts'
import type { TaskKind } from '../../../trainer/data/tasks.ts'
import type { ExampleAnswer } from '../../contract/examples.ts'
import type { SplitName } from '../../contract/splits.ts'
import type { Reader } from '../../store/connection.ts'
import { madeGroup } from '../importing/new-example.ts'
import { isReady } from '../project-data.ts'

/** An example as it is written to a file. */
export interface ExportedRow {
  readonly id: string
  readonly form: ExampleForm
  /** Null for questions about a passage. */
  readonly task: TaskKind | null
  /** Empty where the file that it came from gave none. */
  readonly title: string
  readonly group: string
  readonly passageId: number
  readonly context: string
  readonly question: string
  readonly answers: readonly ExampleAnswer[]
  readonly isImpossible: boolean
  readonly extra: RawObject
}

export interface Choice {
  readonly projectId: string
  readonly split: SplitName | null
}

interface StoredRow {
  readonly id: string
  readonly form: ExampleForm
  readonly task: TaskKind | null
  readonly grp: string
  readonly passageId: number
  readonly context: string
  readonly question: string
  readonly answers: string
  readonly isImpossible: number
  readonly extra: string | null
}

const rowsPerRead = 500
const chosen = `project_id = ?1 AND ${isReady} AND (?2 IS NULL OR split = ?2)`
/** What a record without a title is grouped by: its context, or the article of its SQuAD file. */
const untitled = /^article .*\[\d+\]$/

/**
 * The examples in the order in which they came in; with `byArticle` those of one title together, and in it those
 * about one context, each where the first of them stands. Their numbers are held in memory, nothing else.
 */
export async function* exportedRows(
  reader: Reader,
  { projectId, split }: Choice,
  { byArticle }: { readonly byArticle: boolean },
): AsyncGenerator<ExportedRow> {
  const order = byArticle
    ? `SELECT id FROM (SELECT id, min(id) OVER (PARTITION BY grp) AS article,
         min(id) OVER (PARTITION BY grp, passage_id) AS paragraph
       FROM example WHERE ${chosen} AND form = 'qa') ORDER BY article, paragraph, id`
    : `SELECT id FROM example WHERE ${chosen} ORDER BY id`
  const found = await reader.get<{ ids: string }>(
    `SELECT json_group_array(id) AS ids FROM (${order})`,
    projectId,
    split,
  )
  const ids = JSON.parse(found?.ids ?? '[]') as number[]
  for (let start = 0; start < ids.length; start += rowsPerRead) {
    const rows = await reader.all<StoredRow>(
      `SELECT e.key AS id, e.form, e.task, e.grp, e.passage_id AS passageId, p.text AS context, e.question, e.answers,
         e.is_impossible AS isImpossible, e.extra
       FROM json_each(?) j CROSS JOIN example e ON e.id = j.value JOIN passage p ON p.id = e.passage_id
       ORDER BY j.key`,
      JSON.stringify(ids.slice(start, start + rowsPerRead)),
    )
    for (const { grp, ...row } of rows)
      yield {
        ...row,
        group: grp,
        title: madeGroup.test(grp) || untitled.test(grp) ? '' : grp,
        answers: JSON.parse(row.answers) as ExampleAnswer[],
        isImpossible: row.isImpossible === 1,
        extra: row.extra === null ? {} : (JSON.parse(row.extra) as RawObject),
      }
  }
}

export interface Counts {
  readonly questions: number
  readonly tasks: number
  /** Tasks of another kind than `text`. */
  readonly kinds: number
  readonly unanswerable: number
}

export async function countRows(reader: Reader, { projectId, split }: Choice): Promise<Counts> {
  const counts = await reader.get<Counts>(
    `SELECT total(form = 'qa') AS questions, total(form = 'task') AS tasks,
       total(coalesce(task, 'text') <> 'text') AS kinds, total(is_impossible) AS unanswerable
     FROM example WHERE ${chosen}`,
    projectId,
    split,
  )
  return counts ?? { questions: 0, tasks: 0, kinds: 0, unanswerable: 0 }
}

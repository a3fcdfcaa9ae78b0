import type { Passage } from '../../contract/datasets.ts'
import type { Handlers } from '../../contract/methods.ts'
import type { Reader, SqlValue } from '../../store/connection.ts'
import { exampleColumns, exampleJoins, exampleRow } from '../examples/example-rows.ts'
import type { StoredExample } from '../examples/example-rows.ts'
import { allOf, wordsOf } from './full-text-query.ts'
import { isReady, likePattern, requireProject } from '../project-data.ts'
import type { DataParts } from '../project-data.ts'

const questionsPerPassage = 100

interface PassageRow extends Omit<Passage, 'heading' | 'questions'> {
  readonly heading: string
}

export function passageHandlers({
  store,
  textIndex,
}: Pick<DataParts, 'store' | 'textIndex'>): Handlers<'data.passages'> {
  return {
    'data.passages': async ({ projectId, offset, limit, search, sourceId }) => {
      await requireProject(store, projectId)
      if (search !== null) await textIndex.settled()
      const values: SqlValue[] = [projectId]
      const bound = (value: SqlValue): string => `?${values.push(value)}`
      const conditions = ['p.project_id = ?1', 'p.searchable = 1', `p.${isReady}`]
      if (sourceId !== null) {
        const source = bound(sourceId)
        conditions.push(
          `(p.source_id = ${source} OR p.id IN (SELECT passage_id FROM shared_passage WHERE source_id = ${source}))`,
        )
      }
      if (search !== null && search.trim() !== '') conditions.push(searchCondition(search.trim(), bound))
      const matching = `FROM passage p WHERE ${conditions.join(' AND ')}`
      const count = await store.get<{ total: number }>(`SELECT count(*) AS total ${matching}`, ...values)
      const rows = await store.all<PassageRow>(
        `SELECT p.id, p.source_id AS sourceId, s.name AS sourceName, p.title, p.heading, p.page, p.place, p.text
         FROM passage p JOIN source s ON s.id = p.source_id WHERE p.id IN
           (SELECT p.id ${matching} ORDER BY p.id LIMIT ?${values.length + 1} OFFSET ?${values.length + 2})
         ORDER BY p.id`,
        ...values,
        limit,
        offset,
      )
      const questions = await questionsOf(
        store,
        rows.map(({ id }) => id),
      )
      return {
        total: count?.total ?? 0,
        rows: rows.map((row) => ({
          ...row,
          heading: JSON.parse(row.heading) as string[],
          questions: (questions.get(row.id) ?? []).map(exampleRow),
        })),
      }
    },
  }
}

/** Words are looked up in the index; what has none, such as a mark of punctuation, in the texts. */
function searchCondition(search: string, bound: (value: SqlValue) => string): string {
  const query = allOf(wordsOf(search))
  return query === null
    ? `p.text LIKE ${bound(likePattern(search))} ESCAPE '\\'`
    : `p.id IN (SELECT rowid FROM passage_text WHERE passage_text MATCH ${bound(query)})`
}

/** The first hundred questions about each passage. */
async function questionsOf(
  store: Reader,
  passageIds: readonly number[],
): Promise<Map<number, StoredExample[]>> {
  const rows = await store.all<StoredExample>(
    `SELECT ${exampleColumns} FROM example e ${exampleJoins} WHERE s.ready = 1 AND e.id IN
       (SELECT id FROM (
         SELECT id, row_number() OVER (PARTITION BY passage_id ORDER BY id) AS number FROM example
         WHERE passage_id IN (SELECT value FROM json_each(?)))
        WHERE number <= ${questionsPerPassage})
     ORDER BY e.id`,
    JSON.stringify(passageIds),
  )
  return Map.groupBy(rows, ({ passageId }) => passageId)
}

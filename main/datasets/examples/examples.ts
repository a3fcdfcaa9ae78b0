import { createRecordChecker } from '../../../trainer/data/record-checker.ts'
import { AppError } from '../../contract/errors.ts'
import type { ExampleQuery, ExampleRow, Measure } from '../../contract/examples.ts'
import type { Page } from '../../contract/datasets.ts'
import type { Handlers } from '../../contract/methods.ts'
import type { SqlValue } from '../../store/connection.ts'
import type { Store } from '../../store/open.ts'
import { answersOf, exampleColumns, exampleJoins, exampleRow, findExample } from './example-rows.ts'
import type { StoredExample } from './example-rows.ts'
import { isReady, likePattern, markChanged, publishData, requireProject } from '../project-data.ts'
import type { DatasetDeps } from '../project-data.ts'
import { dropFindings, settleFindings } from '../mending/example-findings.ts'
import { retirePassages } from '../mending/passage-use.ts'
import { countWords } from '../importing/text-facts.ts'

const measureColumns = {
  contextWords: 'context_words',
  questionWords: 'question_words',
  answerWords: 'answer_words',
} as const satisfies Record<Measure, string>

export function exampleHandlers({
  store,
  changes,
}: Pick<DatasetDeps, 'store' | 'changes'>): Handlers<
  'data.examples' | 'data.updateExample' | 'data.removeExample'
> {
  return {
    'data.examples': async (query) => {
      await requireProject(store, query.projectId)
      return readExamples(store, query)
    },

    'data.updateExample': async ({ projectId, id, question, answers }) => {
      await store.transaction(async (writer) => {
        const stored = await findExample(writer, 'e.project_id = ? AND e.id = ?', projectId, id)
        if (!stored) throw exampleMissing(id)
        const changed = checkedChange(stored, question, answers)
        const [first] = changed.answers
        await writer.run(
          `UPDATE example SET question = ?, answers = ?, is_impossible = ?, question_words = ?, answer_words = ?
           WHERE id = ?`,
          changed.question,
          JSON.stringify(changed.answers),
          Number(changed.isImpossible),
          countWords(changed.question),
          first ? countWords(first.text) : 0,
          id,
        )
        await settleFindings(writer, id, changed.flagged)
        await markChanged(writer, projectId)
      })
      publishData(changes, projectId)
      const changed = await findExample(store, 'e.project_id = ? AND e.id = ?', projectId, id)
      if (!changed) throw exampleMissing(id)
      return exampleRow(changed)
    },

    'data.removeExample': async ({ projectId, id }) => {
      await store.transaction(async (writer) => {
        const stored = await findExample(writer, 'e.project_id = ? AND e.id = ?', projectId, id)
        if (!stored) throw exampleMissing(id)
        await dropFindings(writer, id)
        await writer.run('DELETE FROM example WHERE id = ?', id)
        await retirePassages(writer, [stored.passageId])
        await markChanged(writer, projectId)
      })
      publishData(changes, projectId)
      return null
    },
  }
}

async function readExamples(store: Store, query: ExampleQuery): Promise<Page<ExampleRow>> {
  const { conditions, values } = conditionsOf(query)
  const matching = `FROM example e WHERE ${conditions.join(' AND ')}`
  const count = await store.get<{ total: number }>(`SELECT count(*) AS total ${matching}`, ...values)
  // The page is found in the index alone, whatever its offset; only its rows are then read.
  const rows = await store.all<StoredExample>(
    `SELECT ${exampleColumns} FROM example e ${exampleJoins} WHERE e.id IN
       (SELECT e.id ${matching} ORDER BY e.id LIMIT ?${values.length + 1} OFFSET ?${values.length + 2})
     ORDER BY e.id`,
    ...values,
    query.limit,
    query.offset,
  )
  return { total: count?.total ?? 0, rows: rows.map(exampleRow) }
}

/** Conditions on `e` with numbered parameters; the first is the project. */
function conditionsOf(query: ExampleQuery): { conditions: string[]; values: SqlValue[] } {
  const values: SqlValue[] = [query.projectId]
  const bound = (value: SqlValue): string => `?${values.push(value)}`
  const conditions = ['e.project_id = ?1', `e.${isReady}`]
  if (query.split !== null) conditions.push(`e.split = ${bound(query.split)}`)
  if (query.sourceId !== null) conditions.push(`e.source_id = ${bound(query.sourceId)}`)
  if (query.range) {
    const column = measureColumns[query.range.measure]
    conditions.push(`e.${column} >= ${bound(query.range.from)} AND e.${column} < ${bound(query.range.to)}`)
  }
  const search = query.search?.trim() ?? ''
  if (search !== '') conditions.push(textCondition(search, bound))
  return { conditions, values }
}

function textCondition(search: string, bound: (value: SqlValue) => string): string {
  const pattern = bound(likePattern(search))
  // The answers are JSON: a first look at it as it stands leaves few to be taken apart.
  const quoted = bound(likePattern(JSON.stringify(search).slice(1, -1)))
  return `(e.question LIKE ${pattern} ESCAPE '\\'
    OR (e.answers LIKE ${quoted} ESCAPE '\\' AND EXISTS
      (SELECT 1 FROM json_each(e.answers) a WHERE a.value ->> 'text' LIKE ${pattern} ESCAPE '\\'))
    OR e.passage_id IN (SELECT id FROM passage WHERE project_id = ?1 AND text LIKE ${pattern} ESCAPE '\\'))`
}

/** The new question and answers; answers that are spans are found at the place nearest to the old one. */
function checkedChange(stored: StoredExample, question: string, given: readonly string[]) {
  const old = answersOf(stored)
  const isTask = stored.form === 'task'
  const texts = given.map((text) => text.trim()).filter((text) => text !== '')
  if (question.trim() === '')
    throw new AppError(
      'data_invalid',
      `The ${isTask ? 'instruction' : 'question'} is empty. Type one, or remove the example.`,
      { id: stored.id },
    )
  if (isTask && texts.length === 0)
    throw new AppError(
      'data_invalid',
      'The target is empty. Type what should come out, or remove the example.',
      {
        id: stored.id,
      },
    )
  const { example, problems } = createRecordChecker('').add({
    where: stored.place,
    fault: null,
    form: stored.form,
    task: stored.task,
    id: stored.key,
    context: stored.context,
    question: question.trim(),
    answers: texts.map((text, i) => ({
      text,
      start: (old.find((answer) => answer.text === text) ?? old[i] ?? old[0])?.start ?? null,
    })),
    answersEmptyByForm: false,
    isImpossible: isTask ? null : texts.length === 0,
    title: stored.grp,
    extra: null,
  })
  const absent = problems.find(({ kind }) => kind === 'answer_not_in_context')
  if (!example || absent)
    throw new AppError(
      'data_invalid',
      `An answer must stand in the passage word for word. ${absent?.message ?? ''} Copy it from the passage.`,
      { id: stored.id },
    )
  const flagged = problems.filter(({ outcome }) => outcome === 'flagged').map(({ kind }) => kind)
  return { question: example.question, answers: example.answers, isImpossible: example.isImpossible, flagged }
}

export function exampleMissing(id: number): AppError {
  return new AppError('example_missing', 'This question is not in the project any more.', { id })
}

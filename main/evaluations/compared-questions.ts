import { tasks } from '../../trainer/data/tasks.ts'
import type { TaskKind } from '../../trainer/data/tasks.ts'
import type { CompareQuery, CompareRow, Verdict } from '../contract/comparisons.ts'
import type { Page } from '../contract/datasets.ts'
import type { Reader } from '../store/connection.ts'
import type { SqlValue } from '../store/connection.ts'

import type { AnswersStatistics } from './score-tiles.ts'

interface ComparisonRow {
  readonly key: string
  readonly set_name: string
  readonly question: string
  readonly base: string
  readonly tuned: string
  readonly gold: string
  readonly base_right: number
  readonly tuned_right: number
  readonly base_f1: number
  readonly tuned_f1: number
  readonly task: TaskKind
  readonly input: string | null
  readonly statistics: string | null
}

const rightness: Readonly<Record<Verdict, readonly [base: number, tuned: number]>> = {
  fixed: [0, 1],
  broken: [1, 0],
  'both-right': [1, 1],
  'both-wrong': [0, 0],
}

/** What the training did to a question, by what its task calls right. */
export function verdictOf(row: { readonly base_right: number; readonly tuned_right: number }): Verdict {
  if (row.base_right) return row.tuned_right ? 'both-right' : 'broken'
  return row.tuned_right ? 'fixed' : 'both-wrong'
}

/** A page of a run's questions in the order in which they were asked. */
export async function comparedQuestions(store: Reader, query: CompareQuery): Promise<Page<CompareRow>> {
  const { runId, offset, limit } = query
  const filters = filtersOf(query)
  const where = ['run_id = ?', ...filters.map(({ sql }) => sql)].join(' AND ')
  const values = [runId, ...filters.flatMap((filter) => filter.values)]
  const counted = await store.get<{ total: number }>(
    `SELECT COUNT(*) AS total FROM comparison WHERE ${where}`,
    ...values,
  )
  const rows = await store.all<ComparisonRow>(
    `SELECT * FROM comparison WHERE ${where} ORDER BY number LIMIT ? OFFSET ?`,
    ...values,
    limit,
    offset,
  )
  return { total: counted?.total ?? 0, rows: rows.map(asCompareRow) }
}

/** One question of a run; null where it was not asked. An id that two test sets share is the first set's. */
export async function comparedQuestion(
  store: Reader,
  runId: string,
  key: string,
): Promise<CompareRow | null> {
  const row = await store.get<ComparisonRow>(
    'SELECT * FROM comparison WHERE run_id = ? AND key = ? ORDER BY number LIMIT 1',
    runId,
    key,
  )
  return row && asCompareRow(row)
}

interface Filter {
  readonly sql: string
  readonly values: readonly SqlValue[]
}

function filtersOf({ verdict, search, set, task = null }: CompareQuery): readonly Filter[] {
  const filters: Filter[] = []
  if (verdict !== null)
    filters.push({ sql: 'base_right = ? AND tuned_right = ?', values: rightness[verdict] })
  if (set !== null) filters.push({ sql: 'set_name = ?', values: [set] })
  if (task !== null) filters.push({ sql: 'task = ?', values: [task] })
  const words = search?.trim() ?? ''
  if (words !== '') filters.push(searchFilter(words))
  return filters
}

/** LIKE knows upper and lower case of ASCII alone; other letters are looked for in each of their cases. */
function searchFilter(words: string): Filter {
  const patterns = [...new Set([words, words.toLowerCase(), words.toUpperCase(), capitalised(words)])].map(
    (form) => `%${form.replace(/[\\%_]/g, '\\$&')}%`,
  )
  const like = (column: string) => patterns.map(() => `${column} LIKE ? ESCAPE '\\'`).join(' OR ')
  const columns = ['question', 'base', 'tuned', 'input'].map(like)
  const gold = `EXISTS (SELECT 1 FROM json_each(gold) WHERE ${like('json_each.value')})`
  return {
    sql: `(${[...columns, gold].join(' OR ')})`,
    values: Array(columns.length + 1)
      .fill(patterns)
      .flat() as string[],
  }
}

function capitalised(words: string): string {
  return words.replace(/(?<!\p{L})\p{L}/gu, (letter) => letter.toUpperCase())
}

function asCompareRow(row: ComparisonRow): CompareRow {
  return {
    id: row.key,
    set: row.set_name,
    task: row.task,
    question: row.question,
    input: row.input,
    base: row.base,
    tuned: row.tuned,
    gold: JSON.parse(row.gold) as string[],
    verdict: verdictOf(row),
    baseF1: row.base_f1,
    tunedF1: row.tuned_f1,
    nearness: nearnessOf(row),
  }
}

function nearnessOf(row: ComparisonRow): CompareRow['nearness'] {
  const metric = tasks[row.task].perAnswer
  if (metric === 'accuracy') return { metric, base: 100 * row.base_right, tuned: 100 * row.tuned_right }
  const statistics = row.statistics === null ? {} : (JSON.parse(row.statistics) as AnswersStatistics)
  const { base, tuned } = statistics[metric] ?? {}
  if (base?.[0] === undefined || tuned?.[0] === undefined)
    return { metric: 'f1', base: row.base_f1, tuned: row.tuned_f1 }
  return { metric, base: base[0], tuned: tuned[0] }
}

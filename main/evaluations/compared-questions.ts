import type { CompareQuery, CompareRow, Verdict } from '../contract/comparisons.ts'
import type { Page } from '../contract/datasets.ts'
import type { Reader } from '../store/connection.ts'
import type { SqlValue } from '../store/connection.ts'

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
}

const rightness: Readonly<Record<Verdict, readonly [base: number, tuned: number]>> = {
  fixed: [0, 1],
  broken: [1, 0],
  'both-right': [1, 1],
  'both-wrong': [0, 0],
}

/** What the training did to a question, by exact match. */
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

function filtersOf({ verdict, search, set }: CompareQuery): readonly Filter[] {
  const filters: Filter[] = []
  if (verdict !== null)
    filters.push({ sql: 'base_right = ? AND tuned_right = ?', values: rightness[verdict] })
  if (set !== null) filters.push({ sql: 'set_name = ?', values: [set] })
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
  const columns = ['question', 'base', 'tuned'].map(like)
  const gold = `EXISTS (SELECT 1 FROM json_each(gold) WHERE ${like('json_each.value')})`
  return { sql: `(${[...columns, gold].join(' OR ')})`, values: Array(4).fill(patterns).flat() as string[] }
}

function capitalised(words: string): string {
  return words.replace(/(?<!\p{L})\p{L}/gu, (letter) => letter.toUpperCase())
}

function asCompareRow(row: ComparisonRow): CompareRow {
  return {
    id: row.key,
    set: row.set_name,
    question: row.question,
    base: row.base,
    tuned: row.tuned,
    gold: JSON.parse(row.gold) as string[],
    verdict: verdictOf(row),
    baseF1: row.base_f1,
    tunedF1: row.tuned_f1,
  }
}

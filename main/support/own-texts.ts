import type { Reader } from '../store/connection.ts'
import { fromText } from './plain-line.ts'
import { told } from './store-facts.ts'

/** Every text of a person's own that the store holds. */
const ownTexts = [
  ['passage', 'title, heading, text'],
  ['example', 'question, answers'],
  ['problem', 'record, proposal, message'],
  ['chat_turn', 'question, base, tuned'],
  ['draft', 'question, answer'],
] as const
const compared = 'question, base, tuned, gold, input'
const pageRows = 500

type Texts = Readonly<Record<string, string | number | null>>

/** Gives every text of a person's own that the store holds to `compare`, page by page. */
export async function compareTexts(store: Reader, compare: (text: string) => void): Promise<void> {
  const compareRows = async (sql: string, ...values: readonly (string | number)[]) => {
    const rows = await told(() => store.all<Texts>(sql, ...values))
    if (!Array.isArray(rows)) return null
    for (const row of rows as readonly Texts[]) for (const text of Object.values(row)) compareValue(text)
    return (rows as readonly Texts[]).at(-1)?.['at'] ?? null
  }
  const compareValue = (value: string | number | null): void => {
    if (typeof value === 'string') for (const text of stringsIn(fromText(value))) compare(text)
  }
  for (const [table, columns] of ownTexts) {
    const sql = `SELECT id AS at, ${columns} FROM "${table}" WHERE id > ? ORDER BY id LIMIT ${pageRows}`
    for (let at: string | number | null = 0; at !== null;) at = await compareRows(sql, at)
  }
  const runs = await told(() => store.all<{ id: string }>('SELECT id FROM run'))
  if (Array.isArray(runs))
    for (const { id } of runs as readonly { id: string }[])
      await compareRows(`SELECT ${compared} FROM comparison WHERE run_id = ?`, id)
}

function stringsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(stringsIn) : []
}

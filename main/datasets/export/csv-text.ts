import type { ExportedRow } from './exported-rows.ts'

/** What a CSV file could not hold as it was. */
export interface Disarmed {
  /** Cells that were changed so that no spreadsheet takes them for formulas. */
  cells: number
  /** Tasks of which the first target alone was written. */
  tasks: number
}

type Column = readonly [name: string, cell: (row: ExportedRow, disarmed: Disarmed) => string]

const common: readonly Column[] = [
  ['id', ({ id }, disarmed) => disarm(id, disarmed)],
  ['title', ({ title }, disarmed) => disarm(title, disarmed)],
]

const questionColumns: readonly Column[] = [
  ['context', ({ form, context }, disarmed) => (form === 'qa' ? disarm(context, disarmed) : '')],
  ['question', ({ form, question }, disarmed) => (form === 'qa' ? disarm(question, disarmed) : '')],
  ['answer', (row) => (row.form === 'qa' ? answerCell(row) : '')],
  ['answer_start', (row) => (row.form === 'qa' ? startCell(row) : '')],
  ['is_impossible', ({ form, isImpossible }) => (form === 'qa' ? String(isImpossible) : '')],
]

const kindColumn: Column = ['task', ({ form, task }) => (form === 'task' ? (task ?? 'text') : '')]

const taskColumns: readonly Column[] = [
  ['instruction', ({ form, question }, disarmed) => (form === 'task' ? disarm(question, disarmed) : '')],
  ['input', ({ form, context }, disarmed) => (form === 'task' ? disarm(context, disarmed) : '')],
  ['target', (row, disarmed) => (row.form === 'task' ? targetCell(row, disarmed) : '')],
]

export interface CsvOptions {
  readonly hasQuestions: boolean
  readonly hasTasks: boolean
  /** Whether there are tasks whose kind is to be told. */
  readonly hasKinds: boolean
  readonly disarmed: Disarmed
}

/**
 * Examples as CSV after RFC 4180, with a byte order mark, as spreadsheets take UTF-8 for something else without one.
 *
 * Cells that a spreadsheet would take for a formula get an apostrophe before them, as OWASP says. It stays when the
 * file is imported again: nothing tells it from one that belongs there. Offsets count it, and answers are written
 * as a JSON list instead, so that they still are found in their contexts. The other formats change nothing.
 */
export async function* csvText(
  rows: AsyncIterable<ExportedRow>,
  { hasQuestions, hasTasks, hasKinds, disarmed }: CsvOptions,
): AsyncGenerator<string> {
  const columns = [
    ...common,
    ...(hasKinds ? [kindColumn] : []),
    ...(hasQuestions ? questionColumns : []),
    ...(hasTasks ? taskColumns : []),
  ]
  yield `\ufeff${columns.map(([name]) => name).join(',')}\r\n`
  for await (const row of rows)
    yield `${columns.map(([, cell]) => quoted(cell(row, disarmed))).join(',')}\r\n`
}

/** Signs that begin a formula, also in their wide forms, and white space that a program may pass over. */
const formula = /^[=+\-@\t\r\n＝＋－＠]/

function disarm(text: string, disarmed: Disarmed): string {
  if (!formula.test(text)) return text
  disarmed.cells++
  return `'${text}`
}

/** One answer as it is, unless it looks like something else; several as a JSON list. */
function answerCell({ answers }: ExportedRow): string {
  const [first, ...others] = answers
  if (!first) return ''
  const isPlain = others.length === 0 && !formula.test(first.text) && !/^\s*[[{]/.test(first.text)
  return isPlain ? first.text : JSON.stringify(answers.map(({ text }) => text))
}

/** A task's target is free text, so that no sign can tell a list of several from one. */
function targetCell({ answers }: ExportedRow, disarmed: Disarmed): string {
  if (answers.length > 1) disarmed.tasks++
  return disarm(answers[0]?.text ?? '', disarmed)
}

function startCell({ answers, context }: ExportedRow): string {
  const before = formula.test(context) ? 1 : 0
  const starts = answers.map(({ start }) => (start === null ? null : start + before))
  return starts.length < 2 ? String(starts[0] ?? '') : JSON.stringify(starts)
}

function quoted(cell: string): string {
  return /[",\r\n]/.test(cell) || cell !== cell.trim() ? `"${cell.replaceAll('"', '""')}"` : cell
}

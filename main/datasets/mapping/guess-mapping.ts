import { roles } from '../../contract/datasets.ts'
import type { GuessedRole, Role } from '../../contract/datasets.ts'
import type { TableRow } from '../readers/table.ts'
import { columnEvidence, containment, flagMatches, offsetMatches } from './column-evidence.ts'
import type { ColumnEvidence } from './column-evidence.ts'
import { nameScore } from './role-names.ts'

const sampledRows = 200
// So many columns are weighed against each other for the three texts.
const candidates = 10
const leastScore = 0.5

/** What speaks for a column in a role: points, and the reasons as clauses. */
interface Weighed {
  readonly role: Role
  readonly column: string
  /** 0 to 1, of the name alone. */
  readonly byName: number
  /** 0 to 1, of the cells alone. */
  readonly byCells: number
  readonly cells: string
}

/**
 * Guesses the roles of columns from their names (English, German, Spanish, French) and their cells: questions end
 * with question marks, answers occur in contexts, offsets point at answers. The three texts are chosen together,
 * as the triple with most points; a role that nothing speaks for is left out.
 *
 * @param rows The first rows of the table; faulty ones are left aside.
 */
export function guessMapping(columns: readonly string[], rows: readonly TableRow[]): GuessedRole[] {
  const sample = rows.filter((row) => row.fault === null).slice(0, sampledRows)
  if (sample.length === 0) return guessByName(columns)
  const evidence = columns.map((name) => columnEvidence(name, sample))
  const texts = chooseTexts(evidence, sample)
  const chosen = new Map<Role, Weighed>(texts.map((one) => [one.role, one]))
  const isFree = (name: string) => ![...chosen.values()].some(({ column }) => column === name)
  const answer = chosen.get('answer')?.column
  const context = chosen.get('context')?.column

  const weigh: Partial<Record<Role, (column: ColumnEvidence) => Weighed>> = {
    answerStart: (column) => weighStart(column, answer, context, sample),
    isImpossible: (column) => weighFlag(column, answer, sample),
    id: weighId,
    title: weighTitle,
  }
  for (const [role, weighColumn] of Object.entries(weigh) as [Role, (column: ColumnEvidence) => Weighed][]) {
    const best = evidence
      .filter(({ name, filled }) => isFree(name) && filled > 0)
      .map(weighColumn)
      .reduce<Weighed | null>((top, one) => (pointsOf(one) > (top ? pointsOf(top) : 0) ? one : top), null)
    if (best && pointsOf(best) >= leastScore) chosen.set(role, best)
  }
  return roles.flatMap((role) => {
    const one = chosen.get(role)
    return one ? [{ role, column: one.column, confidence: confidenceOf(one), reason: reasonOf(one) }] : []
  })
}

function chooseTexts(evidence: readonly ColumnEvidence[], rows: readonly TableRow[]): Weighed[] {
  const usable = evidence
    .filter(
      ({ filled, texts, squadAnswers, name }) =>
        filled > 0 && (texts > 0.5 || squadAnswers > 0.5 || nameScore(name, 'answer') > 0),
    )
    .map((column) => ({ column, promise: promiseOf(column) }))
    .sort((a, b) => b.promise - a.promise)
    .slice(0, candidates)
    .map(({ column }) => column)
  const inside = new Map<string, number>()
  const containmentOf = (answer: ColumnEvidence, context: ColumnEvidence) => {
    const key = JSON.stringify([answer.name, context.name])
    const known = inside.get(key) ?? containment(rows, answer.name, context.name)
    inside.set(key, known)
    return known
  }
  const choices: readonly (ColumnEvidence | null)[] = [...usable, null]
  let best: { points: number; chosen: Weighed[] } = { points: 0, chosen: [] }
  for (const context of choices)
    for (const question of choices) {
      if (question && question === context) continue
      for (const answer of choices) {
        if (answer && (answer === context || answer === question)) continue
        const chosen = [
          context && weighContext(context, question, answer, answer ? containmentOf(answer, context) : 0),
          question && weighQuestion(question),
          answer && weighAnswer(answer, context, context ? containmentOf(answer, context) : 0),
        ].filter((one) => one !== null)
        if (chosen.some((one) => pointsOf(one) < leastScore)) continue
        const points = chosen.reduce((sum, one) => sum + one.byName + one.byCells, 0)
        if (points > best.points + 1e-9) best = { points, chosen }
      }
    }
  return best.chosen
}

/** Of a table without rows the names are all there is. */
function guessByName(columns: readonly string[]): GuessedRole[] {
  return roles.flatMap((role) => {
    const scored = columns.map((column) => ({ column, score: nameScore(column, role) }))
    const best = scored.reduce((top, one) => (one.score > top.score ? one : top), { column: '', score: 0 })
    const reason = `Its name is “${best.column}”.`
    return best.score < 0.7 ? [] : [{ role, column: best.column, confidence: 0.5, reason }]
  })
}

function promiseOf(column: ColumnEvidence): number {
  const byName = Math.max(
    ...(['context', 'question', 'answer'] as const).map((role) => nameScore(column.name, role)),
  )
  return byName * 2 + column.questions + column.squadAnswers + Math.min(1, column.meanWords / 40)
}

function weighContext(
  column: ColumnEvidence,
  question: ColumnEvidence | null,
  answer: ColumnEvidence | null,
  inside: number,
): Weighed {
  const others = Math.max(question?.meanWords ?? 0, answer?.meanWords ?? 0, 6)
  const isLong = column.meanWords > 1.5 * others
  const byCells = column.texts > 0.5 ? (isLong ? 0.45 : 0) + 0.5 * inside - 0.3 * column.questions : 0
  const clauses = [
    ...(isLong ? [`its texts are long (${Math.round(column.meanWords)} words on average)`] : []),
    ...(answer && inside >= 0.3 ? [`“${answer.name}” occurs in it in ${percent(inside)} of the rows`] : []),
  ]
  return weighed('context', column, byCells, clauses.join(' and '))
}

function weighQuestion(column: ColumnEvidence): Weighed {
  const fits = column.texts > 0.5 && column.meanWords >= 2
  const byCells = fits ? 0.85 * column.questions : 0
  const clause = column.questions >= 0.3 ? `${percent(column.questions)} of its cells are questions` : ''
  return weighed('question', column, byCells, clause)
}

function weighAnswer(column: ColumnEvidence, context: ColumnEvidence | null, inside: number): Weighed {
  const isShort = !context || column.meanWords < context.meanWords
  const byForm = column.squadAnswers > 0.5 ? 0.95 : 0
  // A column of small numbers or flags occurs in almost any text.
  const telling = Math.max(column.offsets, column.booleans) > 0.8 ? 0.3 : 1
  const byText = isShort ? 0.8 * inside * telling - 0.3 * column.questions : 0
  const clause =
    byForm > 0
      ? 'its cells have SQuAD’s form of answers (text and answer_start)'
      : context && inside >= 0.3
        ? `its text occurs in “${context.name}” in ${percent(inside)} of the rows`
        : ''
  return weighed('answer', column, Math.max(byForm, byText), clause)
}

function weighStart(
  column: ColumnEvidence,
  answer: string | undefined,
  context: string | undefined,
  rows: readonly TableRow[],
): Weighed {
  const fits = column.offsets > 0.8
  const matches = fits && answer && context ? offsetMatches(rows, answer, context, column.name) : 0
  const clause = matches >= 0.5 ? `it says where the answer stands in ${percent(matches)} of the rows` : ''
  const one = weighed('answerStart', column, matches >= 0.5 ? matches * 0.9 : 0, clause)
  return isListOrNumber(column, rows) ? one : { ...one, byName: 0 }
}

function isListOrNumber(column: ColumnEvidence, rows: readonly TableRow[]): boolean {
  return column.offsets > 0.5 || rows.some(({ values }) => Array.isArray(values[column.name]))
}

function weighFlag(column: ColumnEvidence, answer: string | undefined, rows: readonly TableRow[]): Weighed {
  const fits = column.booleans > 0.9
  const matches = fits && answer ? flagMatches(rows, answer, column.name) : 0
  const clause = matches > 0.95 ? 'it says yes just where the answer is empty' : ''
  const one = weighed('isImpossible', column, matches > 0.95 ? 0.7 : 0, clause)
  return fits ? one : { ...one, byName: 0 }
}

function weighId(column: ColumnEvidence): Weighed {
  const isKey = column.distinct === 1 && !column.hasSpaces && column.filled > 1
  const one = weighed('id', column, isKey ? 0.3 : 0, isKey ? 'all its cells differ' : '')
  return column.texts > 0.9 && column.distinct > 0.5 ? one : { ...one, byName: 0 }
}

function weighTitle(column: ColumnEvidence): Weighed {
  const isRepeated = column.distinct < 0.8
  const one = weighed(
    'title',
    column,
    isRepeated && column.meanWords < 15 ? 0.2 : 0,
    isRepeated ? 'its cells repeat' : '',
  )
  return column.texts > 0.9 && column.meanWords < 30 ? one : { ...one, byName: 0 }
}

function weighed(role: Role, column: ColumnEvidence, byCells: number, cells: string): Weighed {
  return {
    role,
    column: column.name,
    byName: nameScore(column.name, role),
    byCells: Math.max(0, byCells),
    cells,
  }
}

/** Name and cells as two independent hints: the chance that not both mislead. */
function pointsOf({ byName, byCells }: Weighed): number {
  return 1 - (1 - 0.75 * byName) * (1 - byCells)
}

function confidenceOf(one: Weighed): number {
  return Math.round(Math.min(0.99, pointsOf(one)) * 100) / 100
}

function reasonOf({ byName, column, cells }: Weighed): string {
  const name = byName > 0 ? `its name is “${column}”` : ''
  const clauses = [name, cells].filter((clause) => clause !== '').join(', and ')
  return clauses === '' ? '' : `${clauses.charAt(0).toUpperCase()}${clauses.slice(1)}.`
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`
}

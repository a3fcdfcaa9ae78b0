import type { Role } from '../../contract/imports.ts'
import type { TableRow } from '../readers/table.ts'
import { containment, flagMatches, offsetMatches } from './column-evidence.ts'
import type { ColumnEvidence } from './column-evidence.ts'
import { nameScore } from './role-names.ts'
import { bestOf, leastScore, percent, pointsOf, weighed, weighId, weighTitle } from './weighing.ts'
import type { Weighed } from './weighing.ts'

// So many columns are weighed against each other for the three texts.
const candidates = 10

/** The columns of a table of questions, and whether its rows bear it out that the answers are spans. */
export interface QaGuess {
  readonly chosen: readonly Weighed[]
  /** Share of the rows in which the answer stands in the context. */
  readonly spans: number
  /** True where offsets, a flag for questions without an answer, or SQuAD’s form of answers say so. */
  readonly isMarked: boolean
}

/**
 * Guesses the roles of columns from their names (English, German, Spanish, French) and their cells: questions end
 * with question marks, answers occur in contexts, offsets point at answers. The three texts are chosen together,
 * as the triple with most points; a role that nothing speaks for is left out.
 */
export function guessQa(evidence: readonly ColumnEvidence[], rows: readonly TableRow[]): QaGuess {
  const chosen = new Map<Role, Weighed>(chooseTexts(evidence, rows).map((one) => [one.role, one]))
  const isFree = (name: string) => ![...chosen.values()].some(({ column }) => column === name)
  const answer = chosen.get('answer')?.column
  const context = chosen.get('context')?.column
  const weigh: Partial<Record<Role, (column: ColumnEvidence) => Weighed>> = {
    answerStart: (column) => weighStart(column, answer, context, rows),
    isImpossible: (column) => weighFlag(column, answer, rows),
    id: weighId('qa'),
    title: weighTitle('qa'),
  }
  for (const [role, weighColumn] of Object.entries(weigh) as [Role, (column: ColumnEvidence) => Weighed][]) {
    const best = bestOf(
      evidence.filter(({ name, filled }) => isFree(name) && filled > 0),
      weighColumn,
    )
    if (best) chosen.set(role, best)
  }
  const [contexts, answers] = [context, answer].map((name) => evidence.find((one) => one.name === name))
  const filled = contexts ? contexts.filled / rows.length : 0
  return {
    chosen: [...chosen.values()],
    spans: answer && context ? containment(rows, answer, context) * filled : 0,
    isMarked: chosen.has('answerStart') || chosen.has('isImpossible') || (answers?.squadAnswers ?? 0) > 0.5,
  }
}

function chooseTexts(evidence: readonly ColumnEvidence[], rows: readonly TableRow[]): Weighed[] {
  const usable = evidence
    .filter(
      ({ filled, texts, squadAnswers, name }) =>
        filled > 0 && (texts > 0.5 || squadAnswers > 0.5 || nameScore(name, 'answer', 'qa') > 0),
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
          answer &&
            weighAnswer(answer, context, {
              context: context ? containmentOf(answer, context) : 0,
              question: question ? containmentOf(answer, question) : 0,
            }),
        ].filter((one) => one !== null)
        if (chosen.some((one) => pointsOf(one) < leastScore)) continue
        const points = chosen.reduce((sum, one) => sum + one.byName + one.byCells, 0)
        if (points > best.points + 1e-9) best = { points, chosen }
      }
    }
  return best.chosen
}

function promiseOf(column: ColumnEvidence): number {
  const byName = Math.max(
    ...(['context', 'question', 'answer'] as const).map((role) => nameScore(column.name, role, 'qa')),
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
  return weighed('context', column, { form: 'qa', byCells: byCells, cells: clauses.join(' and ') })
}

function weighQuestion(column: ColumnEvidence): Weighed {
  const fits = column.texts > 0.5 && column.meanWords >= 2
  const byCells = fits ? 0.85 * column.questions : 0
  const clause = column.questions >= 0.3 ? `${percent(column.questions)} of its cells are questions` : ''
  return weighed('question', column, { form: 'qa', byCells: byCells, cells: clause })
}

/** @param inside Shares of the rows in which the text occurs in the context, and in the question. */
function weighAnswer(
  column: ColumnEvidence,
  context: ColumnEvidence | null,
  inside: { readonly context: number; readonly question: number },
): Weighed {
  const isShort = !context || column.meanWords < context.meanWords
  const byForm = column.squadAnswers > 0.5 ? 0.95 : 0
  // A column of small numbers or flags occurs in almost any text.
  const telling = Math.max(column.offsets, column.booleans) > 0.8 ? 0.3 : 1
  const byText = isShort // What a question names is its topic, not its answer.
    ? 0.8 * inside.context * (1 - inside.question) * telling - 0.3 * column.questions
    : 0
  const clause =
    byForm > 0
      ? 'its cells have SQuAD’s form of answers (text and answer_start)'
      : context && inside.context >= 0.3
        ? `its text occurs in “${context.name}” in ${percent(inside.context)} of the rows`
        : ''
  return weighed('answer', column, { form: 'qa', byCells: Math.max(byForm, byText), cells: clause })
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
  const one = weighed('answerStart', column, {
    form: 'qa',
    byCells: matches >= 0.5 ? matches * 0.9 : 0,
    cells: clause,
  })
  return isListOrNumber(column, rows) ? one : { ...one, byName: 0 }
}

function isListOrNumber(column: ColumnEvidence, rows: readonly TableRow[]): boolean {
  return column.offsets > 0.5 || rows.some(({ values }) => Array.isArray(values[column.name]))
}

function weighFlag(column: ColumnEvidence, answer: string | undefined, rows: readonly TableRow[]): Weighed {
  const fits = column.booleans > 0.9
  const matches = fits && answer ? flagMatches(rows, answer, column.name) : 0
  const clause = matches > 0.95 ? 'it says yes just where the answer is empty' : ''
  const one = weighed('isImpossible', column, {
    form: 'qa',
    byCells: matches > 0.95 ? 0.7 : 0,
    cells: clause,
  })
  return fits ? one : { ...one, byName: 0 }
}

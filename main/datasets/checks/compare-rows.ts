import type { ExampleForm } from '../../../trainer/data/example.ts'
import type { ExampleAnswer } from '../../contract/examples.ts'
import type { SplitName } from '../../contract/splits.ts'
import { plainProposal } from '../mending/proposals.ts'
import { plainAnswers } from './question-key.ts'
import type { SetProblem } from './set-problem.ts'

/** One of several rows that ask the same about nearly the same context. */
export interface ComparedRow {
  readonly id: number
  readonly passageId: number
  readonly question: string
  /** JSON. */
  readonly answers: string
  readonly isImpossible: number
  readonly form: ExampleForm
  readonly split: SplitName
  readonly place: string
  readonly sourceName: string
}

interface Answered extends ComparedRow {
  readonly given: readonly ExampleAnswer[]
  readonly plain: readonly string[]
}

/** Longer targets are texts, of which several can be right. */
const longestLabel = 3

/** What rows that ask the same have to do with each other: they contradict, or repeat one another. */
export function compareRows(rows: readonly ComparedRow[]): SetProblem[] {
  const answered = rows.map((row): Answered => {
    const given = JSON.parse(row.answers) as ExampleAnswer[]
    return { ...row, given, plain: plainAnswers(given) }
  })
  const against = new Map<number, Answered>()
  for (const row of answered) {
    const other = answered.find((one) => one !== row && contradict(one, row))
    if (other) against.set(row.id, other)
  }
  const isAnswered = answered.some((row) => row.plain.length > 0)
  return answered.flatMap((row, i): SetProblem[] => {
    const other = against.get(row.id)
    if (other) return [contradiction(row, other, { answered, isAnswered })]
    const earlier = answered.slice(0, i).find((one) => one.split === row.split && repeats(one, row))
    return earlier ? [duplicate(row, earlier)] : []
  })
}

function contradict(a: Answered, b: Answered): boolean {
  if (a.form === 'task' && ![...a.plain, ...b.plain].every(isLabel)) return false
  if (a.plain.length === 0 || b.plain.length === 0) return a.plain.length !== b.plain.length
  return !a.plain.some((one) => b.plain.some((other) => agree(one, other)))
}

function isLabel(text: string): boolean {
  return text.split(/\s+/).length <= longestLabel
}

/** Equal, or one holds all words of the other: “1843” and “in 1843”. */
function agree(a: string, b: string): boolean {
  return ` ${a} `.includes(` ${b} `) || ` ${b} `.includes(` ${a} `)
}

/** The same answers, or for questions some that agree; targets of tasks can be different and all be meant. */
function repeats(a: Answered, b: Answered): boolean {
  if (a.form === 'task') return a.plain.join('\n') === b.plain.join('\n')
  return a.plain.length === 0 || a.plain.some((one) => b.plain.some((other) => agree(one, other)))
}

function contradiction(
  row: Answered,
  other: Answered,
  { answered, isAnswered }: { readonly answered: readonly Answered[]; readonly isAnswered: boolean },
): SetProblem {
  const theirs = other.given[0]?.text
  const says = theirs === undefined ? 'calls the question unanswerable' : `answers “${shortened(theirs)}”`
  const texts = new Map<string, ExampleAnswer>()
  for (const { given, passageId } of [row, ...answered])
    for (const { text, start } of given)
      // A place counts in its own context alone.
      if (!texts.has(text)) texts.set(text, { text, start: passageId === row.passageId ? start : null })
  return {
    kind: 'contradiction',
    exampleId: row.id,
    message: `${placeOf(other)} ${says}.`,
    proposal:
      row.plain.length === 0 && isAnswered
        ? plainProposal('leave-out')
        : plainProposal('answers', {
            answers: [...texts.values()],
            answer: [...texts.keys()].map(shortened).join(' / '),
          }),
  }
}

function duplicate(row: Answered, earlier: Answered): SetProblem {
  const context = row.passageId === earlier.passageId ? 'the same' : 'nearly the same'
  const about = row.form === 'task' ? `with ${context} input` : `about ${context} context`
  return {
    kind: 'near_duplicate',
    exampleId: row.id,
    message: `${placeOf(earlier)} asks “${shortened(earlier.question)}” ${about}.`,
    proposal: plainProposal('leave-out'),
  }
}

function placeOf({ place, sourceName }: ComparedRow): string {
  const where = `${place} of ${sourceName}`
  return where.charAt(0).toUpperCase() + where.slice(1)
}

function shortened(text: string): string {
  return text.length > 60 ? `${text.slice(0, 57).toWellFormed()}…` : text
}

import type { Mapping } from '../../contract/imports.ts'
import type { ColumnEvidence } from './column-evidence.ts'
import { bestOf, percent, weighed, weighId, weighTitle } from './weighing.ts'
import type { Weighed } from './weighing.ts'

/** What a target's name says that is to be done, where no column says it. */
const tasks: readonly { readonly names: RegExp; readonly instruction: string }[] = [
  {
    names: /summar|highlight|tl.?dr|abstract|zusammenfassung|resumen|résumé|resume/i,
    instruction: 'Summarize the text.',
  },
  {
    names: /label|class|sentiment|categor|kategorie|intent|emotion|tag|etiquet/i,
    instruction: 'Classify the text.',
  },
  { names: /paraphras/i, instruction: 'Paraphrase the text.' },
]

export interface TaskGuess {
  readonly chosen: readonly Weighed[]
  /** An instruction that stands for all rows, where no column has one. */
  readonly instruction: Mapping['roles']['instruction']
}

/**
 * Guesses the columns of instructions, inputs and targets, from their names alone: what a task is, its texts do not
 * show. Without a column of instructions the target's name says what is to be done with the input (a summary, a
 * class); where it does not, the input is taken as the instruction.
 */
export function guessTask(evidence: readonly ColumnEvidence[]): TaskGuess {
  const chosen: Weighed[] = []
  const free = () =>
    evidence.filter(({ name, filled }) => filled > 0 && !chosen.some(({ column }) => column === name))
  const take = (one: Weighed | null): Weighed | null => {
    if (one) chosen.push(one)
    return one
  }
  const target = take(bestOf(free(), weighTarget))
  if (!target) return { chosen: [], instruction: undefined }
  const instruction = take(bestOf(free(), weighInstruction))
  const input = take(bestOf(free(), weighInput))
  const task = tasks.find(({ names }) => names.test(target.column))
  if (!instruction && input && !task)
    chosen.splice(chosen.indexOf(input), 1, { ...input, role: 'instruction' })
  take(bestOf(free(), weighId('task')))
  take(bestOf(free(), weighTitle('task')))
  return {
    chosen,
    instruction: !instruction && input && task ? { constant: task.instruction } : undefined,
  }
}

function weighTarget(column: ColumnEvidence): Weighed {
  return named('target', column, { byCells: 0, cells: '' })
}

function weighInstruction(column: ColumnEvidence): Weighed {
  const isAsking = column.questions >= 0.3
  return named('instruction', column, {
    byCells: column.texts > 0.5 ? 0.5 * column.questions : 0,
    cells: isAsking ? `${percent(column.questions)} of its cells are questions` : '',
  })
}

function weighInput(column: ColumnEvidence): Weighed {
  const one = named('input', column, { byCells: 0, cells: '' })
  // A name such as “source” also stands above the names of files and institutes.
  const isText = column.meanWords >= 3 || (column.hasSpaces && column.distinct > 0.5)
  return isText ? one : { ...one, byName: 0 }
}

function named(
  role: 'instruction' | 'input' | 'target',
  column: ColumnEvidence,
  by: { readonly byCells: number; readonly cells: string },
): Weighed {
  const one = weighed(role, column, { form: 'task', ...by })
  return one.byName > 0 ? one : { ...one, byCells: 0 }
}

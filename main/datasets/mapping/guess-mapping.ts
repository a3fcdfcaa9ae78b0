import type { TaskKind } from '../../../trainer/data/tasks.ts'
import { formRoles, forms, requiredRoles } from '../../contract/imports.ts'
import type { Form, GuessedRole, GuessedTask, Mapping, Role } from '../../contract/imports.ts'
import type { TableRow } from '../readers/table.ts'
import { columnEvidence } from './column-evidence.ts'
import type { ColumnEvidence } from './column-evidence.ts'
import { guessChat } from './guess-chat.ts'
import { guessKind, kindColumn, taskMappings } from './guess-kind.ts'
import { guessPassages } from './guess-passages.ts'
import { guessQa } from './guess-qa.ts'
import type { QaGuess } from './guess-qa.ts'
import { guessTask } from './guess-task.ts'
import { listLevels } from './list-levels.ts'
import { missingRoles } from './missing-roles.ts'
import { createUnpack, parsePath, readSteps } from './paths.ts'
import { nameScore } from './role-names.ts'
import { guessedRole } from './weighing.ts'
import type { GuessedMapping, Weighed } from './weighing.ts'

const sampledRows = 200
// Beyond these many columns no table of texts has its texts.
const mostColumns = 200

/** All that the columns of a table suggest. */
export interface GuessedTable {
  /** Never empty, the best first; see `guessMappings`. */
  readonly mappings: readonly GuessedMapping[]
  /** What a mapping to each kind of task would be. */
  readonly taskMappings: Readonly<Partial<Record<TaskKind, Mapping>>>
  readonly guessedTask: GuessedTask | null
}

/**
 * Guesses what a table is for, from the names of its columns and their cells: for each form that its columns would
 * do for a mapping, the best first. Questions with answers come first where the answers do stand in their contexts;
 * else instructions with targets; else passages. Never empty: where no form has all its required roles, the one
 * mapping says what was found of a table of questions.
 *
 * @param columns As the reader lists them; paths into nested values may be among them.
 * @param rows The first rows of the table; faulty ones are left aside.
 */
export function guessMappings(
  columns: readonly string[],
  rows: readonly TableRow[],
): readonly GuessedMapping[] {
  return guessTable(columns, rows).mappings
}

/** As `guessMappings`, with what a mapping to each kind of task would be. */
export function guessTable(columns: readonly string[], rows: readonly TableRow[]): GuessedTable {
  const sound = rows.filter((row) => row.fault === null).slice(0, sampledRows)
  if (sound.length === 0) return { mappings: guessByName(columns), taskMappings: {}, guessedTask: null }
  const sample = flattened(columns.slice(0, mostColumns), sound)
  const evidence = withoutParts(columns.slice(0, mostColumns).map((name) => columnEvidence(name, sample)))
  const qa = guessQa(evidence, sample)
  const kinds = kindColumn(evidence, sample)
  const task = guessTask(evidence.filter(({ name }) => name !== kinds))
  const chat = guessChat(columns, sound)
  const general =
    chat ?? guessed('task', task.chosen, task.instruction ? { instruction: task.instruction } : {})
  const guessedTask = chat || kinds !== null ? null : guessKind(evidence)
  const proposals = taskMappings(evidence, general.mapping.roles)
  const byForm = {
    qa: guessed('qa', qa.chosen),
    task: kinds !== null ? withKindColumn(general, kinds) : ofKind(general, guessedTask, proposals),
    passages: guessed('passages', guessPassages(evidence)),
  }
  const order: readonly Form[] = hasSpans(qa, sample.length, kinds) ? forms : ['task', 'qa', 'passages']
  const complete = order.map((form) => byForm[form]).filter(({ missing }) => missing.length === 0)
  return { mappings: complete.length > 0 ? complete : [byForm.qa], taskMappings: proposals, guessedTask }
}

/** The guess of a task with the column that names the kinds, row by row. */
function withKindColumn({ mapping, guesses, missing }: GuessedMapping, column: string): GuessedMapping {
  const guess: GuessedRole = {
    role: 'task',
    column,
    confidence: 0.99,
    reason: 'All its cells name kinds of tasks.',
  }
  const roles = { ...mapping.roles, task: column }
  return { mapping: { ...mapping, roles }, guesses: [guess, ...guesses], missing }
}

/** The mapping to the kind that was guessed, if one was and its columns are there. */
function ofKind(
  general: GuessedMapping,
  kind: GuessedTask | null,
  proposals: GuessedTable['taskMappings'],
): GuessedMapping {
  const mapping = kind ? proposals[kind.task] : undefined
  if (!kind || !mapping || missingRoles(mapping).length > 0) return general
  const guesses = formRoles.task.flatMap((role): GuessedRole[] => {
    const source = mapping.roles[role]
    if (typeof source !== 'string') return []
    const same = general.guesses.find((guess) => guess.role === role && guess.column === source)
    const { confidence } = kind
    return [same ?? { role, column: source, confidence, reason: `Its name is “${source}”.` }]
  })
  return { mapping, guesses, missing: [] }
}

/** How surely the names are those of questions about a text. */
const surelyQa = 0.8
/** Names that other tasks have. */
const otherTasks = /instruct|prompt|input|output|response|completion|target|label/i

/**
 * Whether the answers are spans of their contexts, so that the table is one of questions rather than of other tasks.
 *
 * @param kinds A column that names other tasks; null where there is none.
 */
function hasSpans({ chosen, spans, isMarked }: QaGuess, rows: number, kinds: string | null): boolean {
  if (isMarked) return true
  const texts = (['context', 'question', 'answer'] as const).map((role) =>
    chosen.find((one) => one.role === role),
  )
  const isNamed = texts.every((one) => one && one.byName >= surelyQa && !otherTasks.test(one.column))
  // Of a handful of rows all may have gone wrong.
  if (isNamed) return spans >= (rows < 5 ? 0 : 0.2)
  // The beginning of a text can be its summary: where each row names another task, it is one.
  return kinds === null && spans >= 0.5
}

function guessed(form: Form, chosen: readonly Weighed[], constants: Mapping['roles'] = {}): GuessedMapping {
  const byRole = new Map(chosen.map((one) => [one.role, one]))
  const required: readonly Role[] = requiredRoles[form]
  const kept = new Map<Role, Weighed>()
  // The required roles choose the list that is walked; others come along or stay out.
  for (const role of [...required, ...formRoles[form]]) {
    const one = byRole.get(role)
    if (one && walksOneList(form, [...kept.values(), one])) kept.set(role, one)
  }
  const guesses = formRoles[form].flatMap((role) => {
    const one = kept.get(role)
    return one ? [guessedRole(one)] : []
  })
  const roles = { ...constants, ...Object.fromEntries(guesses.map(({ role, column }) => [role, column])) }
  const mapping: Mapping = { form, roles }
  return { mapping, guesses, missing: missingRoles(mapping) }
}

function walksOneList(form: Form, chosen: readonly Weighed[]): boolean {
  try {
    listLevels({ form, roles: Object.fromEntries(chosen.map(({ role, column }) => [role, column])) })
    return true
  } catch {
    return false
  }
}

/** Of a table without rows the names are all there is. */
function guessByName(columns: readonly string[]): GuessedMapping[] {
  const byForm = forms.map((form): GuessedMapping => {
    const roles: readonly Role[] = formRoles[form]
    const guesses = roles.flatMap((role) => {
      const scored = columns.map((column) => ({ column, score: nameScore(column, role, form) }))
      const best = scored.reduce((top, one) => (one.score > top.score ? one : top), { column: '', score: 0 })
      const reason = `Its name is “${best.column}”.`
      return best.score < 0.7 ? [] : [{ role, column: best.column, confidence: 0.5, reason }]
    })
    const mapping = { form, roles: Object.fromEntries(guesses.map(({ role, column }) => [role, column])) }
    return { mapping, guesses, missing: missingRoles(mapping) }
  })
  const complete = byForm.filter(({ missing }) => missing.length === 0)
  return complete.length > 0 ? complete : byForm.slice(0, 1)
}

/** The rows with a cell for every column, also those that are paths; of a list its first entry stands for all. */
function flattened(columns: readonly string[], rows: readonly TableRow[]): TableRow[] {
  const unpack = createUnpack()
  const paths = columns.flatMap((column) => {
    const path = parsePath(column)
    if ('fault' in path || path.steps.length === 1) return []
    const steps = path.steps.map((step) =>
      step.kind === 'each' ? { kind: 'index' as const, index: 0 } : step,
    )
    return [{ column, steps }]
  })
  if (paths.length === 0) return [...rows]
  return rows.map((row) => {
    const found = paths
      .filter(({ column }) => !Object.hasOwn(row.values, column))
      .map(({ column, steps }): [string, unknown] => [column, readSteps(row.values, steps, unpack)])
    return { ...row, values: { ...row.values, ...Object.fromEntries(found) } }
  })
}

/** Leaves out the parts of columns that are whole answers: `answers.text` where there is `answers`. */
function withoutParts(evidence: readonly ColumnEvidence[]): ColumnEvidence[] {
  const answers = evidence.filter(({ squadAnswers }) => squadAnswers > 0.5).map(({ name }) => name)
  return evidence.filter(
    ({ name }) => !answers.some((whole) => name.startsWith(`${whole}.`) || name.startsWith(`${whole}[`)),
  )
}

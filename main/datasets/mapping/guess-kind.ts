import { freeTaskKinds, readTaskKind, tasks } from '../../../trainer/data/tasks.ts'
import type { TaskKind } from '../../../trainer/data/tasks.ts'
import type { GuessedTask, Mapping, RoleSource } from '../../contract/imports.ts'
import type { TableRow } from '../readers/table.ts'
import type { ColumnEvidence } from './column-evidence.ts'
import { findFields, languagePair, namesKinds, plainName } from './task-fields.ts'
import type { FoundFields } from './task-fields.ts'
import { bestOf, weighId, weighTitle } from './weighing.ts'

type Roles = Mapping['roles']

/** Columns whose names say that each row brings its own instruction. */
const instructions = /^(?:instructions?|prompts?|command|request)$/

/** Of few different values a column of labels has at most so many, and at most half as many as cells. */
const mostLabels = 100

/**
 * Guesses the kind of task that a table is for. Names decide, the cells must agree: labels repeat, summaries are
 * shorter than their texts. Null where nothing says it, or where each row has an instruction of its own.
 */
export function guessKind(evidence: readonly ColumnEvidence[]): GuessedTask | null {
  if (evidence.some(({ name, filled }) => filled > 0 && instructions.test(plainName(name)))) return null
  const quoted = (column: ColumnEvidence | undefined) => `“${column?.name ?? ''}”`

  const pair = findFields('paraphrase-detection', evidence)
  if (pair['sentence1'] && pair['sentence2']) {
    const names = `${quoted(pair['sentence1'].column)} and ${quoted(pair['sentence2'].column)}`
    if (pair['label'] && isLabels(pair['label'].column))
      return {
        task: 'paraphrase-detection',
        confidence: 0.9,
        reason: `There are two texts, ${names}, and ${quoted(pair['label'].column)} has ${different(pair['label'].column)}.`,
      }
    return { task: 'paraphrase', confidence: 0.6, reason: `There are two texts, ${names}, and no labels.` }
  }
  const summary = findFields('summarisation', evidence)
  const [long, short] = [summary['document']?.column, summary['summary']?.column]
  if (long && short && /summar|highlight|abstract|tldr|zusammenfassung|resum/.test(plainName(short.name))) {
    const isShorter = short.meanWords * 1.5 < long.meanWords
    return {
      task: 'summarisation',
      confidence: isShorter ? 0.95 : 0.7,
      reason: `A column is called ${quoted(short)}${isShorter ? `, and its texts are shorter than those of ${quoted(long)}` : ''}.`,
    }
  }
  const paraphrase = findFields('paraphrase', evidence)
  const said = paraphrase['paraphrase']?.column
  if (paraphrase['text'] && said && /paraphras/.test(plainName(said.name)))
    return { task: 'paraphrase', confidence: 0.9, reason: `A column is called ${quoted(said)}.` }
  const translated = findFields('translation', evidence)
  const translation = translated['translation']?.column
  if (
    translated['source'] &&
    translation &&
    /^(?:translat|ubersetz|traduc)/.test(plainName(translation.name))
  )
    return { task: 'translation', confidence: 0.9, reason: `A column is called ${quoted(translation)}.` }
  const languages = languagePair(evidence)
  if (languages)
    return {
      task: 'translation',
      confidence: 0.8,
      reason: `Two columns are called by languages, ${quoted(languages[0])} and ${quoted(languages[1])}.`,
    }
  const classes = findFields('classification', evidence)
  const label = classes['label']?.column
  if (classes['text'] && label && isLabels(label))
    return {
      task: 'classification',
      confidence: label.meanWords <= 3 ? 0.9 : 0.7,
      reason: `A column is called ${quoted(label)} and has ${different(label)}.`,
    }
  return null
}

/** Whether a column's values are few enough for labels. Of a handful of rows all may differ. */
function isLabels({ filled, distinct, meanWords }: ColumnEvidence): boolean {
  const values = Math.round(distinct * filled)
  return meanWords <= 6 && (filled <= 10 || (values <= mostLabels && distinct <= 0.5))
}

function different({ filled, distinct }: ColumnEvidence): string {
  const values = Math.round(distinct * filled)
  return `${values} different ${values === 1 ? 'value' : 'values'} in ${filled} ${filled === 1 ? 'row' : 'rows'}`
}

/** The column whose cells all name kinds of tasks; null where there is none. */
export function kindColumn(evidence: readonly ColumnEvidence[], rows: readonly TableRow[]): string | null {
  const found = evidence.find(
    ({ name, filled }) =>
      filled > 0 &&
      /task|kind|type/.test(plainName(name)) &&
      namesKinds(
        rows.map(({ values }) => values[name]),
        readTaskKind,
      ),
  )
  return found?.name ?? null
}

/**
 * What a mapping to each kind of task would be: its instruction for all rows, its templates with the columns that go
 * by the names of its parts, and for the rest the columns that were guessed of a task in general.
 *
 * @param general The roles that were guessed of a task in general.
 */
export function taskMappings(
  evidence: readonly ColumnEvidence[],
  general: Roles,
): Readonly<Partial<Record<TaskKind, Mapping>>> {
  const proposals = freeTaskKinds.map((kind): [TaskKind, Mapping] => [
    kind,
    { form: 'task', roles: kind === 'text' ? general : rolesOf(kind, evidence, general) },
  ])
  return Object.fromEntries(proposals)
}

function rolesOf(kind: TaskKind, evidence: readonly ColumnEvidence[], general: Roles): Roles {
  const { instruction, input, target } = tasks[kind]
  const fields = kind === 'translation' ? withLanguages(evidence) : findFields(kind, evidence)
  const columns = new Set(Object.values(fields).map(({ column }) => column.name))
  const isFree = (source: RoleSource | undefined): source is RoleSource =>
    source !== undefined && !(typeof source === 'string' && columns.has(source))
  const targetSource = filled(target, fields) ?? (isFree(general.target) ? general.target : undefined)
  if (typeof targetSource === 'string') columns.add(targetSource)
  const inputSource =
    filled(input, fields) ??
    [general.input, general.instruction].filter((one) => typeof one === 'string').find(isFree) ??
    longestText(evidence, columns)
  const instructionSource = instruction === null ? undefined : filled(instruction, fields)
  const isOwn = instruction?.startsWith('{') ?? true
  if (typeof inputSource === 'string') columns.add(inputSource)
  const take = (weigh: ReturnType<typeof weighId>): string | undefined => {
    const found = bestOf(
      evidence.filter(({ name, filled: cells }) => cells > 0 && !columns.has(name)),
      weigh,
    )
    if (found) columns.add(found.column)
    return found?.column
  }
  const [id, title] = [take(weighId('task')), take(weighTitle('task'))]
  const roles: Roles = {
    task: { constant: kind },
    ...(id ? { id } : {}),
    ...(title ? { title } : {}),
    ...(instructionSource ? { instruction: instructionSource } : {}),
    ...(isOwn && !instructionSource && isFree(general.instruction)
      ? { instruction: general.instruction }
      : {}),
    ...(inputSource ? { input: inputSource } : {}),
    ...(targetSource ? { target: targetSource } : {}),
  }
  return roles
}

function withLanguages(evidence: readonly ColumnEvidence[]): FoundFields {
  const pair = languagePair(evidence)
  if (!pair) return findFields('translation', evidence)
  return { source: { column: pair[0], score: 1 }, translation: { column: pair[1], score: 1 } }
}

/** A template with columns for its fields; undefined where one was not found. A field alone is its column. */
function filled(template: string, fields: FoundFields): RoleSource | undefined {
  const names = [...template.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name)
  if (names.length === 0) return { constant: template }
  if (names.some((name) => !fields[name])) return undefined
  const [only = ''] = names
  if (template === `{${only}}`) return fields[only]?.column.name
  // A template cannot name a column with braces.
  if (names.some((name) => /[{}]/.test(fields[name]?.column.name ?? ''))) return undefined
  return {
    template: template.replace(/\{(\w+)\}/g, (_, name: string) => `{${fields[name]?.column.name ?? ''}}`),
  }
}

/** The column with the longest texts that has no part yet. */
function longestText(evidence: readonly ColumnEvidence[], taken: ReadonlySet<string>): string | undefined {
  const texts = evidence.filter(({ name, texts, hasSpaces }) => texts > 0.5 && hasSpaces && !taken.has(name))
  return texts.toSorted((a, b) => b.meanWords - a.meanWords)[0]?.name
}

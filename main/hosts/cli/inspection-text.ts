import { formRoles } from '../../contract/imports.ts'
import type {
  Form,
  Inspection,
  MappedPreview,
  MappedRow,
  Mapping,
  SavedMapping,
} from '../../contract/imports.ts'
import { byteCount, columns as aligned, countOf, truncate, wholeNumber } from './format.ts'
import { tasks } from '../../contract/tasks.ts'
import { kindOf, sourceText } from './import-mapping.ts'
import type { Output } from './output.ts'

/** A file as `loracle inspect` shows it. */
export interface Inspected {
  readonly inspection: Inspection
  readonly savedMappings: readonly SavedMapping[]
  /** The mapping that `rows` were made by; null for SQuAD and documents. */
  readonly mapping: Mapping | null
  /** The first rows as they will be; null for documents, and where the mapping lacks something. */
  readonly rows: MappedPreview | null
}

const width = 110
const shownRows = 3
const shownPassages = 3
const shownProblems = 10

/** Several lines for a person; ends with a newline. */
export function inspectionText(inspected: Inspected, { paint }: Pick<Output, 'paint'>): string {
  const { inspection } = inspected
  const parts = [
    [paint('bold', headline(inspection))],
    inspection.tables.length > 1 ? [tablesLine(inspection)] : [],
    columnLines(inspection),
    inspection.kind === 'dataset' ? mappingLines(inspected) : [],
    problemLines(inspection),
    rowLines(inspected),
    passageLines(inspection),
  ]
  return `${parts.flat().join('\n')}\n`
}

function headline({ name, kind, format, bytes, rows, rowsEstimated }: Inspection): string {
  const noun = kind === 'documents' ? 'passage' : 'row'
  const count = rows === null ? '' : `, ${rowsEstimated ? 'about ' : ''}${countOf(rows, noun)}`
  return `${name}: ${format}${count}, ${byteCount(bytes)}`
}

function tablesLine({ tables, table }: Inspection): string {
  return `  Tables: ${tables.join(', ')}. Shown is ${table ?? 'the first'}; choose with --table.`
}

function columnLines({ columns }: Inspection): string[] {
  if (columns.length === 0) return []
  const rows = columns.map(({ name, type, filled, distinct, samples }) => [
    `  ${truncate(name, 30)}`,
    type,
    wholeNumber(filled),
    wholeNumber(distinct),
    oneLine(samples[0] ?? ''),
  ])
  return aligned([['  column', 'type', 'filled', 'distinct', 'first'], ...rows], [2, 3]).map((line) =>
    truncate(line, width),
  )
}

const formTexts: Readonly<Record<Form, string>> = {
  qa: 'questions whose answers are spans of a context (qa)',
  task: 'tasks: instruction, input, target (task)',
  passages: 'passages (passages)',
}

function mappingLines({ inspection, mapping, savedMappings }: Inspected): string[] {
  const { guesses, missing, otherMappings = [] } = inspection
  const form = mapping?.form ?? 'qa'
  const kind = mapping && kindOf(mapping)
  const rows = formRoles[form].flatMap((role) => {
    const source = mapping ? mapping.roles[role] : guesses.find((one) => one.role === role)?.column
    if (source === undefined || (role === 'task' && kind)) return []
    const guess = guesses.find((one) => one.role === role && one.column === source)
    const confidence = guess ? `${Math.round(guess.confidence * 100)} %` : ''
    return [[`  ${role}`, sourceText(source), confidence, guess?.reason ?? '']]
  })
  const isWanting = missing.length > 0 && mapping === inspection.mapping
  const guessed = inspection.guessedTask
  const reason = guessed && guessed.task === kind ? ` ${guessed.reason}` : ''
  return [
    kind
      ? `Would become tasks: ${tasks[kind].label.toLowerCase()} (--task ${kind}).${reason}`
      : `Would become ${formTexts[form]}:`,
    ...aligned(rows, [2]).map((line) => truncate(line, 2 * width)),
    ...(isWanting ? [`  nothing was found for ${missing.join(', ')}: name it with --map`] : []),
    ...(otherMappings.length > 0
      ? [`Would do as well: ${otherMappings.map((one) => `--form ${one.form}`).join(', ')}`]
      : []),
    ...(savedMappings.length > 0
      ? [`Saved mappings that fit: ${savedMappings.map(({ name }) => name).join(', ')} (--mapping NAME)`]
      : []),
  ]
}

function problemLines({ problems }: Inspection): string[] {
  if (problems.length === 0) return []
  const more = problems.length - shownProblems
  return [
    'Found while reading:',
    ...problems
      .slice(0, shownProblems)
      .map(({ where, message }) => `  ${where === '' ? '' : `${where}: `}${oneLine(message)}`),
    ...(more > 0 ? [`  and ${wholeNumber(more)} more`] : []),
  ]
}

function rowLines({ rows: preview, mapping }: Inspected): string[] {
  if (!preview) return []
  const { rows, looked, kept, found } = preview
  return [
    `Of the first ${countOf(looked, 'record')} ${wholeNumber(kept)} would be taken:`,
    ...found.map(({ title, count }) => `  ${title}: ${wholeNumber(count)}`),
    ...rows
      .slice(0, shownRows)
      .flatMap((row) => rowText(row, mapping?.form === 'task' ? 'target' : 'answer')),
  ]
}

function rowText(row: MappedRow, goal: 'answer' | 'target'): string[] {
  const { where, texts, answers, isImpossible, kept, problems } = row
  const cells = Object.entries(texts).map(([role, text]) => [`    ${role}`, oneLine(text)])
  const given = answers.map(({ text, start }) => [
    `    ${goal}`,
    start === null ? oneLine(text) : `${oneLine(text)} (at ${start})`,
  ])
  const none = isImpossible ? [['    answer', 'none: the context does not have one']] : []
  const wrong = problems.map(({ message }) => [`    ${kept ? 'found' : 'left out'}`, oneLine(message)])
  return [
    `  ${where}`,
    ...aligned([...cells, ...given, ...none, ...wrong]).map((line) => truncate(line, width)),
  ]
}

function passageLines({ passages }: Inspection): string[] {
  return passages
    .slice(0, shownPassages)
    .flatMap(({ place, title, heading, text }) => [
      truncate(`  ${[place, title, ...heading].filter((part) => part !== '').join(' › ')}`, width),
      truncate(`    ${oneLine(text)}`, width),
    ])
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim()
}

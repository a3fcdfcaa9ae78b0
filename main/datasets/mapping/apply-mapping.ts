import { faultyRecord } from '../../../trainer/data/raw-record.ts'
import type { RawAnswer, RawObject, RawRecord } from '../../../trainer/data/raw-record.ts'
import { readTaskKind } from '../../../trainer/data/tasks.ts'
import type { Mapping, PassageText, Role } from '../../contract/imports.ts'
import type { TableRow } from '../readers/table.ts'
import { answersCell, booleanCell, inputCell, targetsCell, textCell } from './cells.ts'
import { compileRoles } from './role-readers.ts'

/** How the rows of a nested SQuAD file are mapped; null stands for it. */
export const squadMapping: Mapping = {
  form: 'qa',
  roles: {
    id: 'id',
    title: 'title',
    context: 'context',
    question: 'question',
    answer: 'answers',
    isImpossible: 'is_impossible',
  },
}

/** The cell of a role in the row, or list entry, at hand. */
type ReadCell = (role: Role) => unknown

/**
 * Makes a mapping ready for many rows. The function takes a row and gives its records, unchecked (what is wrong with
 * them, `createRecordChecker` says): one, or one for each entry of the list that the mapping walks.
 *
 * @param mapping Which column, path, template or constant has which role; null for SQuAD.
 * @throws AppError `mapping_incomplete` for a template that cannot be read, or several lists at once.
 * @example const toRecords = compileMapping(mapping); for await (const row of table.rows()) toRecords(row).forEach(add)
 */
export function compileMapping(mapping: Mapping | null): (row: TableRow) => readonly RawRecord[] {
  const { form, roles } = mapping ?? squadMapping
  const { scopes, cell } = compileRoles(mapping ?? squadMapping)
  // Columns of lists, as Hugging Face datasets have them: an empty list of texts stands for “unanswerable”.
  const isInColumns = typeof roles.answer === 'string' && /[.[]/.test(roles.answer)
  const toRecord = form === 'task' ? taskRecord : qaRecord
  return (row) =>
    scopes(row).map((scope) => {
      if (scope.fault !== null)
        return { ...faultyRecord(scope.where, scope.fault), form: form === 'task' ? 'task' : 'qa' }
      return toRecord((role) => cell(role, scope), { where: scope.where, row: row.values, isInColumns })
    })
}

/** The records of a single row; for many rows compile the mapping once. */
export function applyMapping(row: TableRow, mapping: Mapping | null): readonly RawRecord[] {
  return compileMapping(mapping)(row)
}

interface RecordOptions {
  readonly where: string
  readonly row: RawObject
  readonly isInColumns: boolean
}

function qaRecord(cell: ReadCell, { where, row, isInColumns }: RecordOptions): RawRecord {
  const given = cell('answer')
  const { answers, emptyByForm } = answersCell(given, cell('answerStart'))
  return {
    where,
    fault: null,
    form: 'qa',
    id: cell('id'),
    context: textCell(cell('context')),
    question: textCell(cell('question')),
    answers,
    answersEmptyByForm: emptyByForm || (isInColumns && Array.isArray(given) && given.length === 0),
    isImpossible: booleanCell(cell('isImpossible')),
    title: titleOf(cell),
    extra: Object.hasOwn(row, 'plausible_answers') ? { plausible_answers: row['plausible_answers'] } : null,
  }
}

function taskRecord(cell: ReadCell, { where }: RecordOptions): RawRecord {
  return {
    where,
    fault: null,
    form: 'task',
    task: readTaskKind(cell('task')),
    id: cell('id'),
    context: inputCell(cell('input')),
    question: textCell(cell('instruction')),
    answers: targetsCell(cell('target')).map((text): RawAnswer => ({ text, start: null })),
    answersEmptyByForm: false,
    isImpossible: null,
    title: titleOf(cell),
    extra: null,
  }
}

function titleOf(cell: ReadCell): string | null {
  const title = textCell(cell('title'))
  return title === null || title.trim() === '' ? null : title
}

/** A row, or an entry of a list in it, of which no passage can be made. */
export interface PassageFault {
  readonly where: string
  readonly fault: string
}

/**
 * Makes a mapping of the form `passages` ready for many rows. A passage's place is the row; its title is empty where
 * the row has none; its text may be longer than a passage should be.
 *
 * @throws as `compileMapping` does.
 */
export function compilePassages(
  mapping: Mapping,
): (row: TableRow) => readonly (PassageText | PassageFault)[] {
  const { scopes, cell } = compileRoles(mapping)
  return (row) =>
    scopes(row).map((scope): PassageText | PassageFault => {
      const { where, fault } = scope
      if (fault !== null) return { where, fault }
      const text = inputCell(cell('text', scope))
      if (text === null || text.trim() === '') return { where, fault: 'The row has no text.' }
      return {
        title: titleOf((role) => cell(role, scope)) ?? '',
        heading: headingOf(cell('heading', scope)),
        page: null,
        place: where,
        text,
      }
    })
}

function headingOf(cell: unknown): string[] {
  const parts: readonly unknown[] = Array.isArray(cell) ? cell : [cell]
  return parts.flatMap((part) => textCell(part) ?? []).filter((part) => part.trim() !== '')
}

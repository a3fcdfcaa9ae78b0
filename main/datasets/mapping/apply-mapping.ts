import { faultyRecord } from '../../../trainer/data/raw-record.ts'
import type { RawRecord } from '../../../trainer/data/raw-record.ts'
import type { Mapping, Role } from '../../contract/datasets.ts'
import type { TableRow } from '../readers/table.ts'
import { answersCell, booleanCell, textCell } from './cells.ts'

/** How the rows of a nested SQuAD file are mapped; null stands for it. */
export const squadMapping: Mapping = {
  roles: {
    id: 'id',
    title: 'title',
    context: 'context',
    question: 'question',
    answer: 'answers',
    isImpossible: 'is_impossible',
  },
}

/**
 * A row of a table as a record, unchecked: what is wrong with it, `createRecordChecker` says.
 *
 * @param mapping Which column has which role; null for SQuAD.
 */
export function applyMapping(row: TableRow, mapping: Mapping | null): RawRecord {
  if (row.fault !== null) return faultyRecord(row.where, row.fault)
  const { roles } = mapping ?? squadMapping
  const cell = (role: Role): unknown => {
    const column = roles[role]
    return column !== undefined && Object.hasOwn(row.values, column) ? row.values[column] : undefined
  }
  const { answers, emptyByForm } = answersCell(cell('answer'), cell('answerStart'))
  const title = textCell(cell('title'))
  return {
    where: row.where,
    fault: null,
    id: cell('id'),
    context: textCell(cell('context')),
    question: textCell(cell('question')),
    answers,
    answersEmptyByForm: emptyByForm,
    isImpossible: booleanCell(cell('isImpossible')),
    title: title === null || title.trim() === '' ? null : title,
  }
}

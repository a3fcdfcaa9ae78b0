import { basename } from 'node:path'
import { createRecordChecker, readId } from '../../../trainer/data/record-checker.ts'
import type { RecordChecker } from '../../../trainer/data/record-checker.ts'
import type { RawRecord } from '../../../trainer/data/raw-record.ts'
import { AppError } from '../../contract/errors.ts'
import type {
  FoundProblem,
  MappedPreview,
  MappedRow,
  Mapping,
  PassageText,
  Role,
} from '../../contract/imports.ts'
import { compileMapping, compilePassages } from '../mapping/apply-mapping.ts'
import type { PassageFault } from '../mapping/apply-mapping.ts'
import { guessMappings } from '../mapping/guess-mapping.ts'
import { requireMapping } from '../mapping/mapping-fault.ts'
import { explained } from '../mending/problem-kinds.ts'
import { proposalFor } from '../mending/proposals.ts'
import type { Proposal } from '../mending/proposals.ts'
import { openTable } from '../readers/open-table.ts'
import { shortened } from '../readers/profile-column.ts'
import type { Table, TableRow } from '../readers/table.ts'

const shownRows = 100
const lookedRows = 1000
const lookedBytes = 4_000_000
const shownLength = 4000

export interface PreviewOptions {
  /** Of a file with several tables, the one to read; the first where null or left out. */
  readonly table?: string | null | undefined
  /** The guessed one where null. */
  readonly mapping: Mapping | null
  readonly signal?: AbortSignal | undefined
}

/**
 * The first rows of a table as a mapping makes them, checked as an import checks them; nothing is kept. Shows the
 * first hundred and counts over the first thousand, or four megabytes.
 *
 * @throws AppError `mapping_incomplete`, and what the readers throw.
 */
export async function previewMapping(path: string, options: PreviewOptions): Promise<MappedPreview> {
  const { signal } = options
  const table = await openTable(path, { signal, table: options.table })
  const rows = await firstRows(table, signal)
  const mapping = mappingFor(table, rows, options.mapping)
  if (mapping) requireMapping(mapping, table.columns, basename(path))
  const mapped =
    mapping?.form === 'passages' ? mapPassages(rows, mapping) : mapRecords(rows, mapping, basename(path))
  const counts = new Map<string, number>()
  for (const { problems } of mapped)
    for (const { kind } of problems) counts.set(kind, (counts.get(kind) ?? 0) + 1)
  return {
    rows: mapped.slice(0, shownRows),
    looked: mapped.length,
    kept: mapped.filter(({ kept }) => kept).length,
    found: [...counts]
      .sort(([, a], [, b]) => b - a)
      .map(([kind, count]) => ({ kind, title: explained(kind).title, count })),
  }
}

async function firstRows(table: Table, signal: AbortSignal | undefined): Promise<TableRow[]> {
  const rows: TableRow[] = []
  for await (const row of table.rows({ signal })) {
    rows.push(row)
    if (rows.length === lookedRows || row.end > lookedBytes) break
  }
  return rows
}

function mappingFor(table: Table, rows: readonly TableRow[], given: Mapping | null): Mapping | null {
  if (table.format === 'squad') return null
  const mapping = given ?? guessMappings(table.columns, rows)[0]?.mapping
  if (mapping) return mapping
  throw new AppError(
    'mapping_incomplete',
    `Nothing says what the columns are: ${table.columns.slice(0, 30).join(', ')}. Choose their roles.`,
    { columns: table.columns.length },
  )
}

function mapRecords(rows: readonly TableRow[], mapping: Mapping | null, name: string): MappedRow[] {
  const toRecords = compileMapping(mapping)
  const checker = createRecordChecker(name)
  const hasIds = mapping === null || mapping.roles.id !== undefined
  const mapped: MappedRow[] = []
  for (const row of rows)
    for (const record of toRecords(row)) {
      mapped.push(mapRecord(record, { checker, hasIds, proposes: mapped.length < shownRows }))
      if (mapped.length === lookedRows) return mapped
    }
  return mapped
}

interface MapOptions {
  readonly checker: RecordChecker
  readonly hasIds: boolean
  /** Whether mends are looked for, which takes its time. */
  readonly proposes: boolean
}

function mapRecord(record: RawRecord, { checker, hasIds, proposes }: MapOptions): MappedRow {
  const { example, problems } = checker.add(record)
  const { where, form } = record
  const context = example?.context ?? record.context
  const question = example?.question ?? record.question
  return {
    where,
    texts: textsOf({
      id: readId(record.id),
      title: record.title,
      task: record.task,
      ...(form === 'task' ? { instruction: question, input: context } : { context, question }),
    }),
    answers: (example ?? record).answers.map(({ text, start }) => ({
      text: shortened(text, shownLength),
      start: example ? start : null,
    })),
    isImpossible: example?.isImpossible ?? record.isImpossible === true,
    kept: example !== null,
    problems: problems
      // Where nothing holds ids, that every row lacks one is no news.
      .filter(({ kind }) => kind !== 'id_missing' || hasIds)
      .map((problem): FoundProblem => {
        const { kind, message, outcome } = problem
        const proposal = proposes && outcome === 'dropped' ? proposalFor(problem, record, example) : null
        const way = proposal && proposalText(proposal)
        return { kind, where, message: way ? `${message} ${way}` : message }
      }),
  }
}

/** What a mend would do with a row that is left out, in a sentence; null where that is nothing to choose. */
function proposalText({ action, answer }: Proposal): string | null {
  if (action === 'unanswerable') return 'A mend keeps it as a question that its context does not answer.'
  return action === 'answer' && answer ? `A mend takes “${shortened(answer, 100)}” from the context.` : null
}

function mapPassages(rows: readonly TableRow[], mapping: Mapping): MappedRow[] {
  const toPassages = compilePassages(mapping)
  const mapped: MappedRow[] = []
  for (const row of rows)
    for (const passage of toPassages(row)) {
      mapped.push(mapPassage(passage))
      if (mapped.length === lookedRows) return mapped
    }
  return mapped
}

function mapPassage(passage: PassageText | PassageFault): MappedRow {
  const none = { answers: [], isImpossible: false }
  if ('fault' in passage) {
    const { where, fault } = passage
    return {
      where,
      texts: {},
      ...none,
      kept: false,
      problems: [{ kind: 'row_faulty', where, message: fault }],
    }
  }
  const { place, title, heading, text } = passage
  return {
    where: place,
    texts: textsOf({ title, heading: heading.join(' › '), text }),
    ...none,
    kept: true,
    problems: [],
  }
}

function textsOf(given: Partial<Record<Role, unknown>>): MappedRow['texts'] {
  return Object.fromEntries(
    Object.entries(given).flatMap(([role, text]) =>
      typeof text === 'string' && text !== '' ? [[role, shortened(text, shownLength)]] : [],
    ),
  )
}

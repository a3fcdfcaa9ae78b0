import { basename } from 'node:path'
import type { FoundProblem, GuessedRole, Inspection } from '../../contract/datasets.ts'
import { AppError } from '../../contract/errors.ts'
import { squadMapping } from '../mapping/apply-mapping.ts'
import { guessMapping } from '../mapping/guess-mapping.ts'
import { mappingOf, missingRoles } from '../mapping/roles.ts'
import { readPassages } from '../passages/read-passages.ts'
import { detect } from './detect.ts'
import type { Detected } from './detect.ts'
import { openDetected } from './open-table.ts'
import { cellText, measureCell, profileColumn, shortened } from './profile-column.ts'
import type { ReadingProblem, TableRow } from './table.ts'

const sampledRows = 1000
const sampledBytes = 4_000_000
const previewRows = 100
const cellLength = 400
const listedFaults = 20

export interface InspectOptions {
  readonly signal?: AbortSignal | undefined
}

/**
 * Says what a dropped file holds, before it is imported: columns with profiles, a preview and a proposed mapping
 * from its first thousand rows or four megabytes; for documents their passages.
 *
 * @throws AppError `file_missing`, `file_invalid`, `file_unreadable`, `file_too_large`, `cancelled`.
 * @example const { columns, guesses, missing } = await inspect('faq.csv')
 */
export async function inspect(path: string, options: InspectOptions = {}): Promise<Inspection> {
  const found = await detect(path)
  switch (found.kind) {
    case 'unsupported':
      throw new AppError('file_unreadable', found.message, { path })
    case 'documents':
      return inspectDocument(path, found, options)
    case 'dataset':
      return inspectTable(path, found, options)
  }
}

async function inspectTable(
  path: string,
  found: Extract<Detected, { kind: 'dataset' }>,
  { signal }: InspectOptions,
): Promise<Inspection> {
  const table = await openDetected(path, found, { signal })
  const problems: FoundProblem[] = [...table.problems]
  const rows: TableRow[] = []
  let isWhole = true
  const onProblem = (problem: ReadingProblem) => problems.push(problem)
  for await (const row of table.rows({ signal, onProblem })) {
    if (rows.length >= sampledRows || row.end > Math.max(sampledBytes, rows[0]?.end ?? 0)) {
      isWhole = false
      break
    }
    rows.push(row)
  }
  const faulty = rows.filter((row) => row.fault !== null)
  for (const { where, fault } of faulty.slice(0, listedFaults))
    problems.push({ kind: 'row_faulty', where, message: fault ?? '' })
  if (rows.length === 0)
    problems.push({ kind: 'rows_missing', where: '', message: 'There is no row below the column names.' })

  const isSquad = table.format === 'squad'
  const sound = rows.filter((row) => row.fault === null)
  const guesses = isSquad ? squadGuesses() : guessMapping(table.columns, rows)
  const mapping = mappingOf(guesses)
  const columns = table.columns.map((name) =>
    profileColumn(
      name,
      sound.map((row) => row.values[name]),
    ),
  )
  return {
    name: basename(path),
    kind: 'dataset',
    format: table.format,
    bytes: table.bytes,
    rows: isWhole ? rows.length : (table.rowCount ?? estimate(rows, table.bytes)),
    rowsEstimated: !isWhole && table.rowCount === null,
    columns,
    preview: rows.slice(0, previewRows).map(({ where, values }) => ({
      where,
      cells: columns.map(({ name }) => shortened(cellText(values[name]), cellLength)),
      measures: columns.map(({ name, type }) => measureCell(type, values[name])),
    })),
    mapping: isSquad ? null : mapping,
    guesses,
    missing: missingRoles(mapping),
    problems,
    passages: [],
  }
}

async function inspectDocument(
  path: string,
  { format, bytes }: Extract<Detected, { kind: 'documents' }>,
  { signal }: InspectOptions,
): Promise<Inspection> {
  const problems: FoundProblem[] = []
  const passages = await readPassages(path, { signal, onProblem: (problem) => problems.push(problem) })
  if (passages.length === 0)
    problems.push({ kind: 'document_empty', where: '', message: 'No text was found in the document.' })
  return {
    name: basename(path),
    kind: 'documents',
    format,
    bytes,
    rows: passages.length,
    rowsEstimated: false,
    columns: [],
    preview: [],
    mapping: null,
    guesses: [],
    missing: [],
    problems,
    passages: passages.slice(0, previewRows),
  }
}

function estimate(rows: readonly TableRow[], bytes: number): number {
  const end = rows.at(-1)?.end ?? 0
  return end === 0 ? rows.length : Math.round((rows.length * bytes) / end)
}

function squadGuesses(): GuessedRole[] {
  return Object.entries(squadMapping.roles).map(([role, column]) => ({
    role: role as GuessedRole['role'],
    column,
    confidence: 1,
    reason: 'The file has the nested form of SQuAD.',
  }))
}

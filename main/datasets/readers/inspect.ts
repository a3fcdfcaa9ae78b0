import { basename } from 'node:path'
import { formRoles } from '../../contract/imports.ts'
import type { FoundProblem, GuessedRole, Inspection } from '../../contract/imports.ts'
import { squadMapping } from '../mapping/apply-mapping.ts'
import { guessTable } from '../mapping/guess-mapping.ts'
import { cellReader } from '../mapping/paths.ts'
import { readPassages } from '../passages/read-passages.ts'
import { detect } from './detect.ts'
import type { Detected } from './detect.ts'
import { notReadHere, openDetected } from './open-table.ts'
import { cellText, measureCell, profileColumn, shortened } from './profile-column.ts'
import type { ReadingProblem, TableRow } from './table.ts'

const sampledRows = 1000
const sampledBytes = 4_000_000
const previewRows = 100
const cellLength = 400
const listedFaults = 20

export interface InspectOptions {
  readonly signal?: AbortSignal | undefined
  /** Of a file with several tables the one to look at. */
  readonly table?: string | null | undefined
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
    case 'archive':
      throw notReadHere(path, found)
    case 'documents':
      return inspectDocument(path, found, options)
    case 'dataset':
      return inspectTable(path, found, options)
  }
}

async function inspectTable(
  path: string,
  found: Extract<Detected, { kind: 'dataset' }>,
  { signal, table: chosen }: InspectOptions,
): Promise<Inspection> {
  const table = await openDetected(path, found, { signal, table: chosen })
  const problems: FoundProblem[] = [...table.problems]
  const rows: TableRow[] = []
  let isWhole = true
  const onProblem = (problem: ReadingProblem) => problems.push(problem)
  for await (const row of table.rows({ signal, onProblem })) {
    // The first row is looked at however long it is.
    if (rows[0] && (rows.length >= sampledRows || row.end > Math.max(sampledBytes, rows[0].end))) {
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
  const guess = isSquad ? null : guessTable(table.columns, rows)
  const [best, ...others] = guess?.mappings ?? []
  const read = table.columns.map(cellReader)
  const columns = table.columns.map((name, i) =>
    profileColumn(
      name,
      sound.map((row) => read[i]?.(row.values)),
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
      cells: read.map((cell) => shortened(cellText(cell(values)), cellLength)),
      measures: columns.map(({ type }, i) => measureCell(type, read[i]?.(values))),
    })),
    tables: table.tables,
    table: table.table,
    mapping: best?.mapping ?? null,
    guesses: best?.guesses ?? squadGuesses(),
    missing: best?.missing ?? [],
    otherMappings: others.map(({ mapping }) => mapping),
    taskMappings: guess?.taskMappings ?? {},
    guessedTask: guess?.guessedTask ?? null,
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
  return {
    name: basename(path),
    kind: 'documents',
    format,
    bytes,
    rows: passages.length,
    rowsEstimated: false,
    columns: [],
    preview: [],
    tables: [],
    table: null,
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
  return formRoles.qa.flatMap((role) => {
    const column = squadMapping.roles[role]
    if (typeof column !== 'string') return []
    return [{ role, column, confidence: 1, reason: 'The file has the nested form of SQuAD.' }]
  })
}

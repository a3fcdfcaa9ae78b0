import { basename } from 'node:path'
import { AppError } from '../../contract/errors.ts'
import { openCsv, openTsv } from './csv.ts'
import { detect } from './detect.ts'
import type { Detected } from './detect.ts'
import { openJson } from './json.ts'
import { openJsonl } from './jsonl.ts'
import type { ReadOptions, Table, TableFormat, TableReader } from './table.ts'

/** Who opens which format: a new format is one file and one line here. */
const tableReaders = {
  csv: openCsv,
  tsv: openTsv,
  json: openJson,
  squad: openJson,
  jsonl: openJsonl,
} as const satisfies Record<TableFormat, TableReader>

/**
 * Opens a data file of any format. CSV, TSV and JSON lines are read in constant memory; JSON as a whole.
 *
 * @throws AppError `file_missing`, `file_invalid` (a folder), `file_unreadable` (no table, or a format that is not
 * read), `file_too_large` (JSON above 100 MB), `cancelled`.
 * @example for await (const row of (await openTable('train.csv')).rows({ signal })) checker.add(applyMapping(row, mapping))
 */
export async function openTable(path: string, options: ReadOptions = {}): Promise<Table> {
  const found = await detect(path)
  if (found.kind === 'dataset') return openDetected(path, found, options)
  throw found.kind === 'unsupported'
    ? new AppError('file_unreadable', found.message, { path })
    : new AppError(
        'file_unreadable',
        `${basename(path)} is a document, not a table of questions and answers. Add it as a document.`,
        { path },
      )
}

/** Opens a data file whose format is known. */
export function openDetected(
  path: string,
  { format, bytes }: Extract<Detected, { kind: 'dataset' }>,
  options: ReadOptions,
): Promise<Table> {
  return tableReaders[format]({ path, bytes }, options)
}

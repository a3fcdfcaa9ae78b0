import { basename } from 'node:path'
import { AppError } from '../../contract/errors.ts'
import { openCsv, openTsv } from './csv.ts'
import { detect } from './detect.ts'
import type { Detected } from './detect.ts'
import { openJson } from './json.ts'
import { openJsonl } from './jsonl.ts'
import type { OpenOptions, Table, TableFormat, TableReader } from './table.ts'

/** Who opens which format: a new format is one file and one line here. Large parts are loaded when they are needed. */
const tableReaders = {
  csv: openCsv,
  tsv: openTsv,
  json: openJson,
  squad: openJson,
  jsonl: openJsonl,
  xlsx: async (file, options) => (await import('./xlsx.ts')).openXlsx(file, options),
  parquet: async (file, options) => (await import('./parquet.ts')).openParquet(file, options),
} as const satisfies Record<TableFormat, TableReader>

/**
 * Opens a data file of any format. All but JSON of up to 32 MB are read in constant memory.
 *
 * @throws AppError `file_missing`, `file_invalid` (a folder), `file_unreadable` (no table, or a format that is not
 * read), `file_too_large`, `cancelled`.
 * @example for await (const row of (await openTable('train.csv')).rows({ signal })) checker.add(applyMapping(row, mapping))
 */
export async function openTable(path: string, options: OpenOptions = {}): Promise<Table> {
  const found = await detect(path)
  if (found.kind === 'dataset') return openDetected(path, found, options)
  throw notReadHere(path, found)
}

/** Opens a data file whose format is known. */
export function openDetected(
  path: string,
  { format, bytes }: Extract<Detected, { kind: 'dataset' }>,
  options: OpenOptions,
): Promise<Table> {
  return tableReaders[format]({ path, bytes }, options)
}

/** Why a file is no table: a document, an archive, or nothing that is read. */
export function notReadHere(path: string, found: Exclude<Detected, { kind: 'dataset' }>): AppError {
  const name = basename(path)
  switch (found.kind) {
    case 'unsupported':
      return new AppError('file_unreadable', found.message, { path })
    case 'archive':
      return new AppError(
        'file_unreadable',
        `${name} is a ZIP archive of other files. Take it apart and choose among the files in it.`,
        { path },
      )
    case 'documents':
      return new AppError(
        'file_unreadable',
        `${name} is a document, not a table of questions and answers. Add it as a document.`,
        { path },
      )
  }
}

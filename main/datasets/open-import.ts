import { basename } from 'node:path'
import { AppError } from '../contract/errors.ts'
import type { ImportRequest, Mapping, Source } from '../contract/datasets.ts'
import { missingRoles } from './mapping/roles.ts'
import { readPassages } from './passages/read-passages.ts'
import { readTable } from './import-table.ts'
import type { ReadBatch } from './import-table.ts'
import type { NewPassage } from './insert-batch.ts'
import { detect } from './readers/detect.ts'
import { inspect } from './readers/inspect.ts'
import { openDetected } from './readers/open-table.ts'
import type { Table } from './readers/table.ts'
import { factsOf } from './text-facts.ts'

/** A file that is about to be imported: what it is, and what it holds, in batches for the store. */
export interface ImportSource extends Pick<Source, 'kind' | 'format' | 'mapping'> {
  readonly batches: AsyncIterable<ReadBatch>
}

export interface OpenImportOptions {
  readonly name: string
  readonly use: ImportRequest['use']
  readonly signal: AbortSignal
}

/**
 * Opens a file and checks the mapping; where a table comes without one, the detected mapping is taken.
 *
 * @throws AppError `mapping_incomplete`, and what the readers throw.
 */
export async function openImport(
  path: string,
  mapping: Mapping | null,
  { name, use, signal }: OpenImportOptions,
): Promise<ImportSource> {
  const found = await detect(path)
  switch (found.kind) {
    case 'unsupported':
      throw new AppError('file_unreadable', found.message, { path })
    case 'documents':
      return { kind: 'documents', format: found.format, mapping: null, batches: readDocument(path, signal) }
    case 'dataset': {
      const table = await openDetected(path, found, { signal })
      const complete = await completeMapping(table, path, mapping, signal)
      const split = use === 'auto' ? 'train' : use
      return {
        kind: 'dataset',
        format: table.format,
        mapping: complete,
        batches: readTable(table, { name, mapping: complete, split, signal }),
      }
    }
  }
}

/** Columns that a message names. */
const namedColumns = 30

/** The mapping to read a table by; null for nested SQuAD, whose form says it. */
async function completeMapping(
  table: Table,
  path: string,
  given: Mapping | null,
  signal: AbortSignal,
): Promise<Mapping | null> {
  if (table.format === 'squad') return null
  const mapping = given ?? (await inspect(path, { signal })).mapping ?? { roles: {} }
  const missing = missingRoles(mapping)
  const more = table.columns.length - namedColumns
  const columns = table.columns.slice(0, namedColumns).join(', ') + (more > 0 ? ` and ${more} more` : '')
  if (table.columns.length === 0)
    throw new AppError(
      'mapping_incomplete',
      `The records of ${basename(path)} have no named fields, so none can be the context, the question or the answer. Choose another file.`,
      { missing: missing.join(', ') },
    )
  if (missing.length > 0)
    throw new AppError(
      'mapping_incomplete',
      `No column has the role ${missing.join(' or ')}. Choose one for it; the file has the columns ${columns}.`,
      { missing: missing.join(', ') },
    )
  const absent = Object.values(mapping.roles).find((column) => !table.columns.includes(column))
  if (absent !== undefined)
    throw new AppError(
      'mapping_incomplete',
      `The file has no column named ${absent}. Choose among ${columns}.`,
      { column: absent },
    )
  return mapping
}

const passagesPerBatch = 500

async function* readDocument(path: string, signal: AbortSignal): AsyncGenerator<ReadBatch> {
  const passages = await readPassages(path, { signal })
  for (let start = 0; start < passages.length; start += passagesPerBatch) {
    const batch: NewPassage[] = passages
      .slice(start, start + passagesPerBatch)
      .map((passage) => ({ ...passage, ...factsOf(passage.text) }))
    const rows = start + batch.length
    yield { passages: batch, examples: [], problems: [], rows, bytes: 0 }
  }
}

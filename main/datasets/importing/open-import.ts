import { basename } from 'node:path'
import type { Source } from '../../contract/datasets.ts'
import type { Chunking, ImportRequest, Mapping } from '../../contract/imports.ts'
import { squadMapping } from '../mapping/apply-mapping.ts'
import { requireMapping } from '../mapping/mapping-fault.ts'
import type { CountTokens } from '../passages/count-tokens.ts'
import { readDocument } from './import-document.ts'
import { readPassageTable } from './import-passage-table.ts'
import { readTable } from './import-table.ts'
import type { ReadBatch } from './read-batch.ts'
import { detect } from '../readers/detect.ts'
import { inspect } from '../readers/inspect.ts'
import { notReadHere, openDetected } from '../readers/open-table.ts'
import type { Table } from '../readers/table.ts'

/** What a file turned out to be, once its reading began. */
export interface ImportedAs extends Pick<Source, 'kind' | 'format' | 'mapping'> {
  /** The sheet or list that is taken, of a file with several. */
  readonly table: string | null
}

/** A file that is about to be imported: what it is, and what it holds, in batches for the store. */
export interface ImportSource extends ImportedAs {
  readonly batches: AsyncIterable<ReadBatch>
}

export interface OpenImportOptions {
  /** The name that the source has in the project. */
  readonly name: string
  /** The guessed mapping is taken where null. */
  readonly mapping: Mapping | null
  readonly table: string | null
  readonly chunking: Chunking | null
  readonly countTokens: CountTokens
  readonly use: ImportRequest['use']
  readonly signal: AbortSignal
}

/**
 * Opens a file and checks the mapping; where a table comes without one, the detected mapping is taken.
 *
 * @throws AppError `mapping_incomplete`, and what the readers throw.
 */
export async function openImport(path: string, options: OpenImportOptions): Promise<ImportSource> {
  const { name, chunking, countTokens, use, signal } = options
  const found = await detect(path)
  switch (found.kind) {
    case 'unsupported':
    case 'archive':
      throw notReadHere(path, found)
    case 'documents':
      return {
        kind: 'documents',
        format: found.format,
        mapping: null,
        table: null,
        batches: readDocument(path, { chunking, countTokens, signal }),
      }
    case 'dataset': {
      const opened = await openDetected(path, found, { signal, table: options.table })
      const mapping = await completeMapping(opened, path, options)
      const source = { format: opened.format, mapping, table: opened.table }
      if (mapping?.form === 'passages')
        return {
          kind: 'documents',
          ...source,
          batches: readPassageTable(opened, { name, mapping, chunking, countTokens, signal }),
        }
      const split = use === 'auto' ? 'train' : use
      return {
        kind: 'dataset',
        ...source,
        batches: readTable(opened, { name, mapping, split, signal }),
      }
    }
  }
}

/** The mapping to read a table by; null for nested SQuAD, whose form says it. */
async function completeMapping(
  { format, columns, table }: Table,
  path: string,
  { mapping: given, signal }: OpenImportOptions,
): Promise<Mapping | null> {
  if (format === 'squad') return null
  const guessed = given ?? (await inspect(path, { signal, table })).mapping
  const mapping = guessed ?? { ...squadMapping, roles: {} }
  requireMapping(mapping, columns, basename(path))
  return mapping
}

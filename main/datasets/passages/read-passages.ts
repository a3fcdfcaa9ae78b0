import { basename, extname } from 'node:path'
import type { PassageText } from '../../contract/datasets.ts'
import { AppError } from '../../contract/errors.ts'
import { detect } from '../readers/detect.ts'
import type { ReadOptions } from '../readers/table.ts'
import { readWholeText } from '../readers/text-chunks.ts'
import { documentReaders } from './document-readers.ts'
import { packPassages } from './pack-passages.ts'
import type { PackOptions } from './pack-passages.ts'

const largestDocument = 10_000_000

/**
 * Reads a document as passages: stretches of plain text of about 180 words, each under one path of headings. The
 * title is the document's own or the file's name.
 *
 * @throws AppError `file_missing`, `file_invalid` (a folder), `file_unreadable` (no document), `file_too_large`
 * (above 10 MB), `cancelled`.
 * @example const passages = await readPassages('guide.md', { targetWords: 120 })
 */
export async function readPassages(
  path: string,
  options: PackOptions & ReadOptions = {},
): Promise<PassageText[]> {
  const found = await detect(path)
  if (found.kind !== 'documents')
    throw new AppError(
      'file_unreadable',
      found.kind === 'unsupported'
        ? found.message
        : `${basename(path)} is a table, not a document. Import it as a dataset.`,
      { path },
    )
  if (found.bytes > largestDocument)
    throw new AppError(
      'file_too_large',
      `${basename(path)} holds ${Math.round(found.bytes / 1e6)} MB; a document may have ${largestDocument / 1e6} MB. Split it into several files.`,
      { path, bytes: found.bytes },
    )
  const text = await readWholeText(path, options)
  const { title, blocks } = documentReaders[found.format].blocks(text)
  return packPassages(title ?? basename(path, extname(path)), blocks, options)
}

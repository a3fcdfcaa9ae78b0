import { basename, extname } from 'node:path'
import type { Chunking, PassageText } from '../../contract/imports.ts'
import { AppError } from '../../contract/errors.ts'
import { detect } from '../readers/detect.ts'
import type { ProseFormat } from '../readers/formats.ts'
import type { ReadOptions } from '../readers/table.ts'
import type { CountTokens } from './count-tokens.ts'
import { documentReaders } from './document-readers.ts'
import { defaultChunking, passagePacker } from './pack-passages.ts'

export interface PassageOptions extends ReadOptions {
  /** Size and overlap of the passages; the usual ones where null or left out. */
  readonly chunking?: Chunking | null | undefined
  /** Counts with the tokenizer of the project's model; estimated where it is left out. */
  readonly countTokens?: CountTokens | undefined
}

/**
 * Reads a document as passages: stretches of plain text of so many tokens, each under one path of headings, given
 * as they are read. Their title is the document's own (of a web site, the page's) or the file's name. Pages or
 * chapters that cannot be read are problems; the others are read. A document without text is the problem
 * `document_empty`.
 *
 * @throws AppError `file_missing`, `file_invalid` (a folder), `file_unreadable` (no document, locked, damaged),
 * `file_too_large`, `cancelled`.
 * @example for await (const { place, text } of streamPassages('guide.pdf', { chunking })) …
 */
export async function* streamPassages(
  path: string,
  options: PassageOptions = {},
): AsyncGenerator<PassageText, void, undefined> {
  const found = await detect(path)
  if (found.kind !== 'documents')
    throw new AppError(
      'file_unreadable',
      found.kind === 'unsupported'
        ? found.message
        : `${basename(path)} is a table, not a document. Import it as a dataset.`,
      { path },
    )
  requireSize(path, found.bytes, found.format)
  const { chunking, countTokens, ...reading } = options
  const { read } = documentReaders[found.format]
  let isKnownEmpty = false
  let passages = 0
  const onProblem: typeof options.onProblem = (problem) => {
    isKnownEmpty ||= problem.kind === 'document_empty'
    options.onProblem?.(problem)
  }
  for await (const part of read(path, { ...reading, onProblem })) {
    const title = part.title?.trim() || basename(path, extname(path))
    const packer = passagePacker({ ...part, title }, { ...(chunking ?? defaultChunking), countTokens })
    for await (const block of part.blocks) {
      if (options.signal?.aborted) throw new AppError('cancelled', 'Reading was cancelled.', { path })
      for (const passage of packer.add(block)) {
        passages++
        yield passage
      }
    }
    for (const passage of packer.end()) {
      passages++
      yield passage
    }
  }
  if (passages === 0 && !isKnownEmpty)
    onProblem({ kind: 'document_empty', where: '', message: 'No text was found in the document.' })
}

/** All passages of a document, as `streamPassages` gives them. */
export async function readPassages(path: string, options: PassageOptions = {}): Promise<PassageText[]> {
  const passages: PassageText[] = []
  for await (const passage of streamPassages(path, options)) passages.push(passage)
  return passages
}

function requireSize(path: string, bytes: number, format: ProseFormat): void {
  const { largest } = documentReaders[format]
  if (bytes <= largest) return
  const [has, most] = [bytes, largest].map((size) => Math.ceil(size / 1e6).toLocaleString('en'))
  throw new AppError(
    'file_too_large',
    `${basename(path)} holds ${has} MB; a ${format} document may have ${most} MB. Split it into several files.`,
    { path, bytes },
  )
}

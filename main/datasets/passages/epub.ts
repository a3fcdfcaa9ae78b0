import { basename } from 'node:path'
import { AppError } from '../../contract/errors.ts'
import { openZip } from '../archives/zip.ts'
import type { Zip, ZipEntry } from '../archives/zip.ts'
import type { ReadOptions } from '../readers/table.ts'
import type { DocumentPart } from './blocks.ts'
import { readPackage, readTitles } from './epub-package.ts'
import type { EpubPackage, SpineItem } from './epub-package.ts'
import { htmlBlocks } from './html-blocks.ts'
import { byParagraph } from './paragraphs.ts'
import { decodeXml } from './xml.ts'

const mostPackage = 10_000_000
const mostChapter = 20_000_000
/** Bytes of all chapters together, as unpacked. */
const mostText = 300_000_000

/**
 * Reads an e-book chapter by chapter, in the order of its spine; what stands outside it (`linear="no"`) comes
 * last. A chapter without headings has the one of the table of contents. Places are parts (files of the spine)
 * and paragraphs in them.
 *
 * @throws AppError `file_unreadable` (damaged, no e-book, copy protection, entities), `cancelled`.
 */
export async function* readEpub(path: string, options: ReadOptions): AsyncGenerator<DocumentPart> {
  const zip = await openZip(path)
  try {
    yield* readBook(zip, path, options)
  } finally {
    await zip.close()
  }
}

async function* readBook(
  zip: Zip,
  path: string,
  { signal, onProblem }: ReadOptions,
): AsyncGenerator<DocumentPart> {
  const entries = new Map(zip.entries.map((entry) => [entry.name, entry]))
  const readXml = async (name: string): Promise<string | null> => {
    const entry = entries.get(name)
    return entry ? decodeXml(await zip.read(entry, mostPackage)) : null
  }
  await requireUnlocked(path, readXml)
  const book = await readPackage(readXml, path)
  const titles = await readTitles(book, readXml)
  let left = mostText
  for (const item of [
    ...book.spine.filter((one) => one.isLinear),
    ...book.spine.filter((one) => !one.isLinear),
  ]) {
    if (signal?.aborted) throw new AppError('cancelled', 'Reading was cancelled.', { path })
    if (item.isContents) continue
    const place = `part ${item.number}`
    const chapter = await readChapter(zip, entries.get(item.name), Math.min(left, mostChapter)).catch(
      (thrown: unknown) => {
        if (!(thrown instanceof AppError)) throw thrown
        return thrown
      },
    )
    if (chapter instanceof AppError) {
      const message = `${item.name} was left out: ${chapter.message} The other chapters were read.`
      onProblem?.({ kind: 'part_unreadable', where: place, message })
      continue
    }
    left -= chapter.length
    yield partOf(chapter, item, book, titles)
  }
}

async function readChapter(zip: Zip, entry: ZipEntry | undefined, most: number): Promise<string> {
  if (!entry) throw new AppError('file_unreadable', 'It is not in the book. Get the book anew.')
  const text = decodeXml(await zip.read(entry, most))
  // Entities that a chapter declares stay as they are written.
  return text.replace(/<!DOCTYPE[^>[]{0,1000}(?:\[[^\]]{0,100000}\]\s*)?>/i, '')
}

function partOf(
  html: string,
  item: SpineItem,
  book: EpubPackage,
  titles: ReadonlyMap<string, string>,
): DocumentPart {
  const { blocks } = htmlBlocks(html, { isPage: false, selfClosing: true })
  const title = titles.get(item.name)
  const named = title === undefined ? [] : [title]
  return {
    title: book.title,
    unit: 'paragraph',
    place: `part ${item.number}`,
    blocks: byParagraph(blocks).map((block) =>
      block.heading.length === 0 ? { ...block, heading: named } : block,
    ),
  }
}

/** Copy protection encrypts the chapters; fonts alone are often scrambled without it. */
async function requireUnlocked(
  path: string,
  readXml: (name: string) => Promise<string | null>,
): Promise<void> {
  const encryption = await readXml('META-INF/encryption.xml')
  if (encryption === null || !/CipherReference[^>]{0,500}\.x?html?["']/i.test(encryption)) return
  throw new AppError(
    'file_unreadable',
    `${basename(path)} is copy-protected, so its text cannot be read. Take an edition without protection.`,
    { path },
  )
}

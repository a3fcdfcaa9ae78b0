import { basename } from 'node:path'
import { AppError } from '../../contract/errors.ts'
import { openZip } from '../archives/zip.ts'
import type { Zip } from '../archives/zip.ts'
import type { ReadOptions } from '../readers/table.ts'
import { headingPath } from './blocks.ts'
import type { Block, DocumentPart } from './blocks.ts'
import { wingdings } from './characters.ts'
import { firstHeading } from './first-heading.ts'
import { htmlBlocks } from './html-blocks.ts'
import { saidBy } from './reason.ts'
import { decodeXml, walkXml } from './xml.ts'

/** Bytes of text and styles, as unpacked: a book of a thousand pages has about ten million. */
const mostXml = 20_000_000
/** Characters of XML that are taken apart at a time; about a second's work. */
const stretchLength = 400_000
const mainPart = 'word/document.xml'

/**
 * Reads a Word document (mammoth): headings, paragraphs, lists, tables, footnotes and endnotes; pictures,
 * comments and what was deleted are left out. Only its text and styles are unpacked, within bounds, and nothing
 * that it refers to is fetched.
 *
 * @throws AppError `file_unreadable` (damaged, locked, entities), `file_too_large`.
 */
export async function* readDocx(path: string, { signal }: ReadOptions): AsyncGenerator<DocumentPart> {
  const texts = await readXml(path)
  if (signal?.aborted) throw new AppError('cancelled', 'Reading was cancelled.', { path })
  const { heading, blocks } = await firstHeading(docxBlocks(texts, path, signal))
  yield { title: givenTitle(texts) ?? heading, unit: 'paragraph', place: null, blocks }
}

/** Blocks of one stretch of the document after the other: mammoth takes long and much memory for a long one. */
async function* docxBlocks(
  texts: ReadonlyMap<string, string>,
  path: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<Block> {
  const { default: mammoth } = await import('mammoth')
  const headings = headingPath()
  let paragraph = 0
  for (const stretch of stretches(texts.get(mainPart) ?? '')) {
    if (signal?.aborted) throw new AppError('cancelled', 'Reading was cancelled.', { path })
    // In place of a path: mammoth then never opens the archive by itself.
    const file = {
      exists: (name: string) => texts.has(name),
      read: (name: string) => Promise.resolve(name === mainPart ? stretch : (texts.get(name) ?? '')),
    }
    const { value } = await mammoth
      .convertToHtml({ file } as unknown as { path: string }, {
        convertImage: mammoth.images.imgElement(() => Promise.resolve({ src: '' })),
        includeEmbeddedStyleMap: false,
        externalFileAccess: false,
        styleMap: ["p[style-name='Title'] => h1.title:fresh", "p[style-name='Subtitle'] => p:fresh"],
      })
      .catch((thrown: unknown) => {
        throw damaged(path, thrown)
      })
    for (const { text, isTight, heading } of htmlBlocks(value, { isPage: false, headings }).blocks) {
      paragraph++
      // The arrow leads back from a footnote.
      yield { heading, text: wingdings(text.replace(/ ?↑$/, '')), isTight, first: paragraph, last: paragraph }
    }
    await new Promise((resolve) => setImmediate(resolve))
  }
}

/** The main part as several, each with so much of its body; paragraphs and tables stay whole. */
function* stretches(xml: string): Generator<string> {
  const ends: number[] = []
  let depth = 0
  let start = 0
  walkXml(xml, mainPart, {
    open: (name, _attributes, at) => {
      if (++depth === 2 && name === 'body') start = at
    },
    close: (_name, at) => {
      if (--depth === 2) ends.push(at)
    },
  })
  const head = xml.slice(0, start)
  const close = /<(\w+:)?document[\s>]/.exec(head)?.[1] ?? ''
  const tail = `</${close}body></${close}document>`
  let from = start
  for (const [i, end] of ends.entries()) {
    if (i < ends.length - 1 && end - from < stretchLength) continue
    yield head + xml.slice(from, end) + tail
    from = end
  }
}

async function readXml(path: string): Promise<ReadonlyMap<string, string>> {
  const zip = await openZip(path)
  const texts = new Map<string, string>()
  try {
    requireDocument(path, zip)
    let left = mostXml
    for (const entry of zip.entries) {
      if (
        !/\.(?:xml|rels)$/i.test(entry.name) ||
        /^(?:customXml|word\/(?:theme|glossary))\//.test(entry.name)
      )
        continue
      if (entry.bytes > left) throw tooLarge(path)
      const bytes = await zip.read(entry, left)
      left -= bytes.length
      const text = decodeXml(bytes)
      walkXml(text, `${entry.name} in ${basename(path)}`, {})
      texts.set(entry.name, text)
    }
  } finally {
    await zip.close()
  }
  return texts
}

function requireDocument(path: string, { entries }: Zip): void {
  if (entries.some(({ name }) => name === '[Content_Types].xml')) return
  throw new AppError(
    'file_unreadable',
    `${basename(path)} is a ZIP archive, but no Word document. Unpack it and take the files in it.`,
    { path },
  )
}

function givenTitle(texts: ReadonlyMap<string, string>): string | null {
  const core = texts.get('docProps/core.xml')
  if (core === undefined) return null
  let isInTitle = false
  let title = ''
  walkXml(core, 'docProps/core.xml', {
    open: (name) => (isInTitle = name === 'title'),
    text: (text) => (title += isInTitle ? text : ''),
    close: () => (isInTitle = false),
  })
  return title.replaceAll(/\s+/g, ' ').trim().slice(0, 300) || null
}

function tooLarge(path: string): AppError {
  return new AppError(
    'file_too_large',
    `The text of ${basename(path)} unpacks to more than ${mostXml / 1e6} MB. Divide it into several documents.`,
    { path },
  )
}

function damaged(path: string, thrown: unknown): AppError {
  const said = saidBy(thrown)
  return new AppError(
    'file_unreadable',
    `${basename(path)} is damaged, or is no Word document (${said}). Save it again as DOCX.`,
    { path },
  )
}

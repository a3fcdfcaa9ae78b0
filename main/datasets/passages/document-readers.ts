import type { ProseFormat } from '../readers/formats.ts'
import type { ReadOptions } from '../readers/table.ts'
import type { DocumentPart } from './blocks.ts'

type Read = (path: string, options: ReadOptions) => AsyncIterable<DocumentPart>

/** Takes a document apart: its parts are read one after the other, their blocks where the format allows. */
export interface DocumentReader {
  /** Bytes that such a file may have. */
  readonly largest: number
  readonly read: Read
}

/** A reader that is loaded when it is needed: most are large, and a thread reads one file. */
function lazily(load: () => Promise<Read>): Read {
  return async function* read(path, options) {
    yield* (await load())(path, options)
  }
}

/** Who takes which document apart: a new format is one file and one entry here. */
export const documentReaders: Readonly<Record<ProseFormat, DocumentReader>> = {
  // Read line by line.
  text: {
    largest: 1_000_000_000,
    read: lazily(async () => (await import('./text-formats.ts')).readPlainText),
  },
  // Held as a whole, with its tokens.
  markdown: {
    largest: 20_000_000,
    read: lazily(async () => (await import('./text-formats.ts')).readMarkdown),
  },
  // Held as a whole.
  html: { largest: 50_000_000, read: lazily(async () => (await import('./text-formats.ts')).readHtml) },
  // Held as a whole; its pages are taken apart one after the other.
  pdf: { largest: 200_000_000, read: lazily(async () => (await import('./pdf.ts')).readPdf) },
  // Mostly pictures, which are not unpacked.
  docx: { largest: 200_000_000, read: lazily(async () => (await import('./docx.ts')).readDocx) },
  epub: { largest: 500_000_000, read: lazily(async () => (await import('./epub.ts')).readEpub) },
  // Read page by page.
  web: {
    largest: 1_000_000_000,
    read: lazily(async () => (await import('../web/read-web-file.ts')).readWebFile),
  },
}

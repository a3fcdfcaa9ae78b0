import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import type { PDFDocumentProxy } from 'unpdf/pdfjs'
import { AppError } from '../../contract/errors.ts'
import type { ReadOptions } from '../readers/table.ts'
import type { Block, DocumentPart } from './blocks.ts'
import { fromPrint } from './characters.ts'
import { firstHeading } from './first-heading.ts'
import { pdfLines } from './pdf-lines.ts'
import type { PdfItem, PdfLine } from './pdf-lines.ts'
import { withoutMargins } from './pdf-margins.ts'
import type { PdfPage } from './pdf-margins.ts'
import { pdfParagraphs } from './pdf-paragraphs.ts'
import { saidBy } from './reason.ts'

const mostPages = 5_000
const mostCharacters = 50_000_000
/** Pages that are held at a time, to find what repeats on them. */
const window = 40
/** Milliseconds of work after which others get their turn. */
const turn = 200

/**
 * Reads a PDF page by page (Mozilla's pdf.js, without drawing anything, running its scripts or fetching fonts).
 * Running heads and page numbers are left out, columns are read one after the other, hyphens at line ends undone.
 *
 * @throws AppError `file_unreadable` (a password, damage), `cancelled`.
 */
export async function* readPdf(path: string, options: ReadOptions): AsyncGenerator<DocumentPart> {
  const { getDocument, PasswordException } = await import('unpdf/pdfjs')
  const task = getDocument({
    data: await readBytes(path),
    disableFontFace: true,
    useSystemFonts: false,
    useWorkerFetch: false,
    stopAtErrors: false,
    enableXfa: false,
    verbosity: 0,
  })
  try {
    const document = await task.promise.catch((thrown: unknown) => {
      throw thrown instanceof PasswordException ? locked(path) : damaged(path, thrown)
    })
    const { heading, blocks } = await firstHeading(pdfBlocks(document, path, options))
    yield { title: (await metadataTitle(document)) ?? heading, unit: 'page', place: null, blocks }
  } finally {
    await task.destroy().catch(() => undefined)
  }
}

/** The file as bytes of their own, which pdf.js takes over: copied only where others share their memory. */
async function readBytes(path: string): Promise<Uint8Array> {
  const bytes = await readFile(path)
  return bytes.byteLength === bytes.buffer.byteLength ? new Uint8Array(bytes.buffer) : new Uint8Array(bytes)
}

async function* pdfBlocks(
  document: PDFDocumentProxy,
  path: string,
  { signal, onProblem }: ReadOptions,
): AsyncGenerator<Block> {
  const paragraphs = pdfParagraphs()
  const pages = Math.min(document.numPages, mostPages)
  let held: PdfPage[] = []
  let characters = 0
  let without = 0
  let rested = performance.now()
  const take = (): Block[] => {
    const lines: PdfLine[] = withoutMargins(held).flatMap((page) => page.lines)
    held = []
    return paragraphs.add(lines)
  }
  for (let number = 1; number <= pages && characters <= mostCharacters; number++) {
    if (signal?.aborted) throw new AppError('cancelled', 'Reading was cancelled.', { path })
    try {
      const page = await readPage(document, number)
      held.push(page)
      characters += page.lines.reduce((sum, line) => sum + line.text.length, 0)
      if (page.lines.length === 0) without++
    } catch (thrown) {
      const said = saidBy(thrown)
      const message = `Page ${number} is damaged and was left out (${said}). The pages that could be found besides were read.`
      onProblem?.({ kind: 'part_unreadable', where: `page ${number}`, message })
    }
    if (held.length >= window) yield* take()
    if (performance.now() - rested > turn) {
      await new Promise((resolve) => setImmediate(resolve))
      rested = performance.now()
    }
  }
  yield* take()
  yield* paragraphs.end()
  report(document.numPages, { characters, without }, onProblem)
}

/** What a person should know of a document that was not read in full. */
function report(
  pages: number,
  { characters, without }: { characters: number; without: number },
  onProblem: ReadOptions['onProblem'],
): void {
  const advice = 'Run text recognition (OCR) over it, for instance with ocrmypdf, and import the result.'
  if (characters === 0)
    onProblem?.({
      kind: 'document_empty',
      where: '',
      message: `None of its ${pages} pages holds text: they are pictures, as a scanner makes them. ${advice}`,
    })
  else if (without >= 3 && without > pages * 0.2)
    onProblem?.({
      kind: 'part_unreadable',
      where: '',
      message: `${without} of ${pages} pages hold no text; they are empty, or pictures of text. ${advice}`,
    })
  if (pages > mostPages || characters > mostCharacters)
    onProblem?.({
      kind: 'part_unreadable',
      where: pages > mostPages ? `page ${mostPages + 1}` : '',
      message: `The document has ${pages.toLocaleString('en')} pages; only its first ${mostPages.toLocaleString('en')}, and ${mostCharacters / 1e6} million characters, are read. Split it into several files.`,
    })
}

async function readPage(document: PDFDocumentProxy, number: number): Promise<PdfPage> {
  const page = await document.getPage(number)
  try {
    const { items } = await page.getTextContent()
    const { transform, height } = page.getViewport({ scale: 1 })
    const runs = items.filter((item): item is typeof item & PdfItem => 'str' in item)
    const lines = pdfLines(runs, number, transform).map((line) => ({ ...line, text: fromPrint(line.text) }))
    return { number, height, lines: lines.filter((line) => line.text !== '') }
  } finally {
    page.cleanup()
  }
}

// What programs write where nobody gave a title.
const noTitle =
  /^(?:untitled|unknown|unspecified|document\d*|microsoft word\b.*|.*\.(?:docx?|tex|dvi|indd|qxd|pdf|rtf|odt|html?))$/i

async function metadataTitle(document: PDFDocumentProxy): Promise<string | null> {
  const found = await document.getMetadata().catch(() => null)
  const info: Readonly<Record<string, unknown>> = { ...found?.info }
  const title = typeof info['Title'] === 'string' ? fromPrint(info['Title']).slice(0, 300) : ''
  return title === '' || noTitle.test(title) ? null : title
}

function locked(path: string): AppError {
  return new AppError(
    'file_unreadable',
    `${basename(path)} is locked with a password. Open it in a PDF reader, save or print it to a new PDF without one, and take that.`,
    { path },
  )
}

function damaged(path: string, thrown: unknown): AppError {
  const said = saidBy(thrown)
  return new AppError(
    'file_unreadable',
    `${basename(path)} is damaged, or is no PDF (${said}). Save it again from the program that made it.`,
    { path },
  )
}

import type { Stats } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import { basename, extname } from 'node:path'
import { AppError } from '../../contract/errors.ts'
import { documentReaders } from '../passages/document-readers.ts'
import type { DocumentFormat } from '../passages/document-readers.ts'
import { openError } from './text-chunks.ts'
import type { TableFormat } from './table.ts'

/** What a file as a whole is, or, as a sentence for a person, why it cannot be read. */
export type Detected = { readonly bytes: number } & (
  | { readonly kind: 'dataset'; readonly format: TableFormat }
  | { readonly kind: 'documents'; readonly format: DocumentFormat }
  | { readonly kind: 'unsupported'; readonly format: null; readonly message: string }
)

const headBytes = 64 * 1024

const tables: Readonly<Record<string, TableFormat>> = {
  '.csv': 'csv',
  '.tsv': 'tsv',
  '.tab': 'tsv',
  '.json': 'json',
  '.jsonl': 'jsonl',
  '.ndjson': 'jsonl',
}

const readFormats =
  'Read are CSV, TSV, JSON and JSONL with questions and answers, and text, Markdown and HTML documents.'

/** Formats that are known but not read, by extension and by their first bytes (as Latin-1), with the way out. */
const otherFormats: readonly { extensions: string; magic: RegExp | null; name: string; wayOut: string }[] = [
  { extensions: '.pdf', magic: /^%PDF-/, name: 'a PDF', wayOut: 'Save its text as a text file' },
  {
    extensions: '.docx .doc .odt .rtf .pages',
    magic: /^\{\\rtf/,
    name: 'a word processor',
    wayOut: 'Save it as plain text or as a web page (HTML)',
  },
  {
    extensions: '.xlsx .xls .ods .numbers',
    magic: null,
    name: 'a spreadsheet',
    wayOut: 'Save its sheet as CSV',
  },
  { extensions: '.pptx .ppt', magic: null, name: 'a presentation', wayOut: 'Save its text as a text file' },
  { extensions: '.parquet', magic: /^PAR1/, name: 'a Parquet', wayOut: 'Export it as CSV or JSONL' },
  { extensions: '.arrow .feather', magic: /^ARROW1/, name: 'an Arrow', wayOut: 'Export it as CSV or JSONL' },
  { extensions: '.epub .mobi', magic: null, name: 'an e-book', wayOut: 'Save it as a text or HTML file' },
  {
    extensions: '.zip .gz .tgz .7z .rar .bz2 .xz .tar',
    magic: /^(?:PK\x03\x04|\x1f\x8b|7z\xbc\xaf|Rar!|BZh)/,
    name: 'a packed',
    wayOut: 'Unpack it and take the files in it',
  },
  {
    extensions: '.png .jpg .jpeg .gif .webp .tif .tiff .bmp',
    magic: /^(?:\x89PNG|\xff\xd8\xff|GIF8)/,
    name: 'an image',
    wayOut: 'Take a file with text',
  },
]

/**
 * Says what a file is, from its name and its first 64 kB. Whether JSON is nested SQuAD can show only when it is
 * opened; an unsupported file is a value with a sentence, not an error.
 *
 * @throws AppError `file_missing`, `file_invalid` (a folder).
 */
export async function detect(path: string): Promise<Detected> {
  const { head, bytes } = await readHead(path)
  const name = basename(path)
  const extension = extname(path).toLowerCase()
  const unsupported = (message: string): Detected => ({ kind: 'unsupported', format: null, bytes, message })

  if (bytes === 0) return unsupported(`${name} is empty. Choose a file with content.`)
  const latin = head.toString('latin1', 0, 16)
  const known = tables[extension] ?? documentFormatOf(extension)
  const other =
    otherFormats.find(({ extensions }) => known === undefined && extensions.split(' ').includes(extension)) ??
    otherFormats.find(({ magic }) => magic?.test(latin))
  if (other)
    return unsupported(
      `${name} is ${other.name} file, which this version does not read. ${other.wayOut}. ${readFormats}`,
    )
  const isUtf16 = /^(?:\xff\xfe|\xfe\xff)/.test(latin)
  if (!isUtf16 && head.includes(0))
    return unsupported(
      looksLikeUtf16(head)
        ? `${name} looks like UTF-16 without a byte order mark. Save it again as UTF-8.`
        : `${name} is not a text file: it holds NUL bytes, as files of other programs do. Export it as CSV or text. ${readFormats}`,
    )
  const text = new TextDecoder(
    isUtf16 ? (latin.startsWith('\xff') ? 'utf-16le' : 'utf-16be') : 'utf-8',
  ).decode(head)
  if (text.trim() === '')
    return unsupported(`${name} holds nothing but white space. Choose a file with content.`)
  return { bytes, ...formatOf(extension, text) }
}

function formatOf(
  extension: string,
  text: string,
): { kind: 'dataset'; format: TableFormat } | { kind: 'documents'; format: DocumentFormat } {
  const table = tables[extension]
  const document = documentFormatOf(extension)
  if (table === 'csv' || table === 'tsv') return { kind: 'dataset', format: table }
  if (table) return { kind: 'dataset', format: jsonFormat(text, table) }
  if (document && document !== 'text') return { kind: 'documents', format: document }
  if (/^\s*[[{]/.test(text) && (firstLineIsRecord(text) || looksLikeJson(text)))
    return { kind: 'dataset', format: jsonFormat(text, 'json') }
  if (/^\s*<(?:!doctype html|html|head|body)\b/i.test(text)) return { kind: 'documents', format: 'html' }
  if (hasTabColumns(text)) return { kind: 'dataset', format: 'tsv' }
  return { kind: 'documents', format: 'text' }
}

function documentFormatOf(extension: string): DocumentFormat | undefined {
  return Object.entries(documentReaders)
    .map(([format, { extensions }]) => ({ format: format as DocumentFormat, extensions }))
    .find(({ extensions }) => extensions.some((one) => one === extension))?.format
}

/** The content decides between one JSON text and JSON lines; the name where the head does not show it. */
function jsonFormat(text: string, byName: TableFormat): TableFormat {
  if (
    // No two stretches of white space follow one another: what does not fit is then found out in one pass.
    /^(?:\{\s*)?(?:"[^"]*"\s*:\s*"[^"]*"\s*,\s*)*(?:"data"\s*:\s*)?(?:\[\s*)?\{[^[\]]*"paragraphs"\s*:\s*\[/.test(
      text.trimStart(),
    )
  )
    return 'squad'
  if (/^\s*\[/.test(text)) return byName === 'jsonl' && firstLineIsRecord(text) ? 'jsonl' : 'json'
  if (firstLineIsRecord(text) && /\n[^\S\n]*\{/.test(text)) return 'jsonl'
  return byName === 'jsonl' && !text.includes('\n')
    ? 'jsonl'
    : byName === 'jsonl'
      ? linesOrWhole(text)
      : 'json'
}

/** A pretty-printed JSON text under a JSONL name has a first line that is no more than a bracket. */
function linesOrWhole(text: string): TableFormat {
  return /^\s*[[{]\s*\n/.test(text) ? 'json' : 'jsonl'
}

function firstLineIsRecord(text: string): boolean {
  const line = text.trimStart().split('\n', 1)[0] ?? ''
  if (!/^\s*[{[]/.test(line)) return false
  try {
    JSON.parse(line)
    return true
  } catch {
    return false
  }
}

function looksLikeJson(text: string): boolean {
  return /^\s*(?:\[\s*\{|\{\s*"(?:[^"\\]|\\.)*"\s*:)/.test(text)
}

function hasTabColumns(text: string): boolean {
  const lines = text
    .split('\n')
    .slice(0, 20)
    .filter((line) => line.trim() !== '')
  const tabs = lines.map((line) => line.split('\t').length - 1)
  const first = tabs[0] ?? 0
  return lines.length >= 3 && first > 0 && tabs.slice(0, -1).every((count) => count === first)
}

function looksLikeUtf16(head: Buffer): boolean {
  const zeros = [0, 0]
  for (const [i, byte] of head.entries()) if (byte === 0) zeros[i % 2] = (zeros[i % 2] ?? 0) + 1
  return Math.max(...zeros) > head.length * 0.4 && Math.min(...zeros) < head.length * 0.05
}

function requireFile(path: string, info: Stats): void {
  if (info.isFile()) return
  const message = info.isDirectory()
    ? `${path} is a folder, not a file. Choose the files in it.`
    : `${path} is no file but a device, a pipe or a socket, which may never end. Choose a file.`
  throw new AppError('file_invalid', message, { path })
}

async function readHead(path: string): Promise<{ head: Buffer; bytes: number }> {
  try {
    // Looked at before it is opened: opening a pipe waits for whoever writes to it.
    requireFile(path, await stat(path))
    const file = await open(path, 'r')
    try {
      const info = await file.stat()
      requireFile(path, info)
      const buffer = Buffer.alloc(Math.min(headBytes, info.size))
      const { bytesRead } = await file.read(buffer, 0, buffer.length, 0)
      return { head: buffer.subarray(0, bytesRead), bytes: info.size }
    } finally {
      await file.close()
    }
  } catch (error) {
    throw openError(path, error)
  }
}

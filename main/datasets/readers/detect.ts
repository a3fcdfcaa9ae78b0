import type { Stats } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import { basename, extname } from 'node:path'
import { AppError } from '../../contract/errors.ts'
import { isUtf32, surfaceCharset } from './charset.ts'
import { formatOfExtension, kindOf, readFormats } from './formats.ts'
import type { FileFormat } from './formats.ts'
import { jsonShape } from './json-shape.ts'
import { formatBySignature, refusalByExtension } from './signatures.ts'
import { openError } from './text-chunks.ts'
import { formatInZip } from './zip-format.ts'

/** What a file as a whole is, or, as a sentence for a person, why it cannot be read. */
export type Detected = { readonly bytes: number } & (
  FileFormat | { readonly kind: 'unsupported'; readonly format: null; readonly message: string }
)

const headBytes = 64 * 1024

/**
 * Says what a file is, from its first 64 kB, of a ZIP archive from the list of its entries, and where these leave it
 * open from its name. Whether JSON is nested SQuAD can show only when it is opened; an unsupported file is a value
 * with a sentence, not an error.
 *
 * @throws AppError `file_missing`, `file_invalid` (a folder).
 * @example const { kind, format } = await detect('faq.dat') // dataset, jsonl
 */
export async function detect(path: string): Promise<Detected> {
  const { head, bytes } = await readHead(path)
  const name = basename(path)
  const extension = extname(path).toLowerCase()
  const unsupported = (message: string): Detected => ({ kind: 'unsupported', format: null, bytes, message })

  if (bytes === 0) return unsupported(`${name} is empty. Choose a file with content.`)
  const charset = surfaceCharset(head)
  const isText = (charset !== null && !isUtf32(head)) || !hasControls(head)
  const signed =
    isText && !/^\s*(?:%PDF-|\{\\rtf)/.test(head.toString('latin1', 0, 24))
      ? null
      : formatBySignature(head, extension)
  const found = signed === 'zip' ? await formatInZip(path) : signed
  if (found) return 'refused' in found ? unsupported(`${name} ${found.refused}`) : { bytes, ...found }
  if (!isText) return unsupported(`${name} ${refusalByExtension(extension) ?? noText(head)}`)

  const text = new TextDecoder(charset ?? 'utf-8').decode(head, { stream: true })
  if (text.trim() === '')
    return unsupported(`${name} holds nothing but white space. Choose a file with content.`)
  if (text.startsWith('version https://git-lfs.github.com/'))
    return unsupported(
      `${name} only points at a file that Git LFS keeps elsewhere. Fetch the file itself (git lfs pull), or download it.`,
    )
  const format = formatOfText(extension, text)
  const named = formatOfExtension(extension)
  if (format.format === 'text' && named !== null && isBinary(named))
    return unsupported(
      `${name} is called ${extension} and holds plain text. If that is its content, rename it to .txt; else get it again.`,
    )
  return { bytes, ...format }
}

/** The format of a text: its content decides where it is clear, else its name. */
function formatOfText(extension: string, text: string): FileFormat {
  if (/^\s*\{"loracle":\s*"web"/.test(text)) return kindOf('web')
  const named = formatOfExtension(extension)
  const byName = named === 'json' || named === 'jsonl' ? named : null
  if (isHtml(text) && named !== 'html' && named !== 'markdown') return kindOf('html')
  const isProse = named === 'html' || named === 'markdown'
  const isDelimited = named === 'csv' || named === 'tsv'
  const json = isProse ? null : jsonShape(text, byName)
  if (json) return kindOf(json)
  if (isProse || isDelimited) return kindOf(named)
  return kindOf(hasTabColumns(text) ? 'tsv' : 'text')
}

function isBinary(format: string): boolean {
  return ['xlsx', 'parquet', 'pdf', 'docx', 'epub'].includes(format)
}

function isHtml(text: string): boolean {
  return /^\s*(?:<\?xml[^>]{0,200}>\s*)?<(?:!doctype html|html|head|body)\b/i.test(text)
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

/** True where more than one byte in fifty is a control character that texts do not have. */
function hasControls(head: Buffer): boolean {
  let controls = 0
  for (const byte of head) if (byte < 0x20 && (byte < 0x09 || byte > 0x0d) && byte !== 0x1b) controls++
  return controls * 50 > head.length
}

function noText(head: Buffer): string {
  if (isUtf32(head)) return 'is text in UTF-32, which is hardly ever used. Save it again as UTF-8.'
  const why = head.includes(0)
    ? 'it holds NUL bytes, as files of other programs do'
    : 'it holds control bytes'
  return `is not a text file: ${why}. Export it as CSV or text. ${readFormats}`
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

import { basename } from 'node:path'
import { AppError } from '../../contract/errors.ts'
import { openZip } from '../archives/zip.ts'
import type { Zip } from '../archives/zip.ts'
import { readFormats } from './formats.ts'
import type { FileFormat } from './formats.ts'

const largestMimetype = 1000

/** OpenDocument and the like, by the `mimetype` entry. */
const refusedTypes: readonly { readonly type: RegExp; readonly name: string; readonly wayOut: string }[] = [
  { type: /opendocument\.text/, name: 'an OpenDocument text (ODT)', wayOut: 'Save it as DOCX or plain text' },
  {
    type: /opendocument\.spreadsheet/,
    name: 'an OpenDocument spreadsheet (ODS)',
    wayOut: 'Save it as XLSX or CSV',
  },
  {
    type: /opendocument\./,
    name: 'an OpenDocument file',
    wayOut: 'Save its text as a text file',
  },
]

/**
 * Tells formats that are ZIP archives apart by their entries, whatever the file is called. What is none of them is
 * an archive of files.
 */
export async function formatInZip(path: string): Promise<FileFormat | { readonly refused: string }> {
  let zip: Zip
  try {
    zip = await openZip(path)
  } catch (thrown) {
    if (thrown instanceof AppError && (thrown.code === 'file_unreadable' || thrown.code === 'file_too_large'))
      return { refused: thrown.message.replace(`${basename(path)} `, '') }
    throw thrown
  }
  try {
    return await formatOfEntries(zip)
  } finally {
    await zip.close()
  }
}

async function formatOfEntries(zip: Zip): Promise<FileFormat | { readonly refused: string }> {
  const has = (name: string) => zip.entries.some((entry) => entry.name === name)
  const hasBelow = (folder: string) => zip.entries.some((entry) => entry.name.startsWith(folder))
  if (has('[Content_Types].xml')) {
    if (has('xl/workbook.bin'))
      return refuse('a binary Excel workbook (XLSB)', 'Open it and save it as XLSX or CSV')
    if (hasBelow('xl/')) return { kind: 'dataset', format: 'xlsx' }
    if (hasBelow('word/')) return { kind: 'documents', format: 'docx' }
    if (hasBelow('ppt/'))
      return refuse('a presentation (PPTX)', 'Save its text as a text file, or it as a PDF')
  }
  const mimetype = zip.entries.find(({ name }) => name === 'mimetype')
  if (mimetype) {
    const type = (await zip.read(mimetype, largestMimetype).catch(() => Buffer.alloc(0))).toString('latin1')
    if (type.includes('application/epub+zip')) return { kind: 'documents', format: 'epub' }
    const other = refusedTypes.find((one) => one.type.test(type))
    if (other) return refuse(other.name, other.wayOut)
  }
  if (has('META-INF/container.xml')) return { kind: 'documents', format: 'epub' }
  return { kind: 'archive', format: 'zip' }
}

function refuse(name: string, wayOut: string): { readonly refused: string } {
  return { refused: `is ${name}, which this version does not read. ${wayOut}. ${readFormats}` }
}

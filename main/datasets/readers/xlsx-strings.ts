import { basename } from 'node:path'
import { AppError } from '../../contract/errors.ts'
import { parseWholeXml } from './xml-stream.ts'
import type { XmlSource } from './xml-stream.ts'

const mostCharacters = 100_000_000
const mostStrings = 5_000_000

/**
 * The texts that the cells of a workbook share, in their order: runs of rich text joined, readings (phonetic text)
 * left out.
 *
 * @throws AppError `file_too_large` above 100 million characters, `file_unreadable`, `cancelled`.
 */
export async function readSharedStrings(source: XmlSource): Promise<string[]> {
  const strings: string[] = []
  let parts: string[] = []
  let characters = 0
  let inText = false
  let inReading = false
  await parseWholeXml(source, {
    open: (name) => {
      if (name === 't') inText = !inReading
      else if (name === 'rPh') inReading = true
      else if (name === 'si') parts = []
    },
    text: (text) => {
      if (!inText) return
      characters += text.length
      if (characters > mostCharacters) throw tooMuch(source.path)
      parts.push(text)
    },
    close: (name) => {
      if (name === 't') inText = false
      else if (name === 'rPh') inReading = false
      else if (name === 'si') {
        if (strings.length >= mostStrings) throw tooMuch(source.path)
        strings.push(unescaped(parts.join('')))
      }
    },
  })
  return strings
}

/** Characters that XML cannot hold are written as `_x000D_`; line ends are made `\n`. */
export function unescaped(text: string): string {
  const plain = text.includes('_x')
    ? text.replaceAll(/_x([0-9A-Fa-f]{4})_/g, (_all, code: string) => String.fromCharCode(parseInt(code, 16)))
    : text
  return plain.includes('\r') ? plain.replaceAll(/\r\n?/g, '\n') : plain
}

function tooMuch(path: string): AppError {
  return new AppError(
    'file_too_large',
    `${basename(path)} holds more than ${mostCharacters / 1e6} million characters of text; a workbook's texts are kept in memory. Save its sheets as CSV, which has no limit.`,
    { path },
  )
}

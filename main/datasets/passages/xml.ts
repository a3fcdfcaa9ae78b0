import { SaxesParser } from 'saxes'
import { AppError } from '../../contract/errors.ts'

/** What takes XML piece by piece; names and those of attributes come without their prefixes. */
export interface XmlHandler {
  /** `at` is the offset behind the tag, in UTF-16 units. */
  open?(name: string, attributes: Readonly<Record<string, string>>, at: number): void
  text?(text: string): void
  close?(name: string, at: number): void
}

/** No file of an office program or e-book nests deeper; what follows a reader's tree calls itself as often. */
const deepest = 400

/**
 * Walks through XML without building a tree. Nothing is fetched, and no entities but XML's own five are resolved:
 * a text that declares some is refused. Mistakes of form are passed over.
 *
 * @throws AppError `file_unreadable` with `name` in its sentence: own entities, or too deep.
 */
export function walkXml(text: string, name: string, handler: XmlHandler): void {
  const parser = new SaxesParser()
  let depth = 0
  parser.on('error', () => undefined)
  parser.on('doctype', (declaration) => {
    if (declaration.includes('['))
      throw refused(name, 'declares entities of its own, as files do that are made to exhaust a machine')
  })
  parser.on('opentag', ({ name: tag, attributes }) => {
    if (++depth > deepest) throw refused(name, `nests more than ${deepest} elements deep`)
    handler.open?.(local(tag), attributesOf(attributes), parser.position)
  })
  parser.on('closetag', ({ name: tag }) => {
    depth--
    handler.close?.(local(tag), parser.position)
  })
  const { text: takeText } = handler
  if (takeText) parser.on('text', (piece) => takeText(piece))
  parser.write(text).close()
}

function attributesOf(attributes: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const found: Record<string, string> = Object.create(null) as Record<string, string>
  for (const [name, value] of Object.entries(attributes)) found[local(name)] = value
  return found
}

function local(name: string): string {
  return name.slice(name.indexOf(':') + 1)
}

function refused(name: string, reason: string): AppError {
  return new AppError(
    'file_unreadable',
    `${name} ${reason}. Save the document again from the program that made it.`,
    { name },
  )
}

/** Text of an XML or XHTML file: UTF-8, or UTF-16 with a byte order mark. */
export function decodeXml(bytes: Buffer): string {
  const mark = bytes.subarray(0, 2).toString('hex')
  const encoding = mark === 'fffe' ? 'utf-16le' : mark === 'feff' ? 'utf-16be' : 'utf-8'
  return new TextDecoder(encoding).decode(bytes)
}

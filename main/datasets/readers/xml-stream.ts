import { basename } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { SaxesParser } from 'saxes'
import type { SaxesTagPlain } from 'saxes'
import { AppError } from '../../contract/errors.ts'
import type { Zip, ZipEntry } from '../archives/zip.ts'

export interface XmlHandlers {
  /** @param name Without its prefix. */
  open(name: string, attributes: Readonly<Record<string, string>>): void
  text?(text: string): void
  close?(name: string): void
}

export interface XmlSource {
  /** Of the archive, for messages. */
  readonly path: string
  readonly zip: Zip
  readonly entry: ZipEntry
  /** Unpacked bytes at most. */
  readonly most: number
  readonly signal?: AbortSignal | undefined
}

/**
 * Parses an XML part of an archive piece by piece, yielding the unpacked bytes so far, so that what the handlers
 * gathered can be taken out in between. A document type is refused: parts of Office files have none, and entities of
 * its own could unfold without end.
 *
 * @throws AppError `file_unreadable` (no XML, a document type), `file_too_large`, `cancelled`.
 */
export async function* parseXml(
  { path, zip, entry, most, signal }: XmlSource,
  handlers: XmlHandlers,
): AsyncGenerator<number, void, undefined> {
  const damaged = (why: string) =>
    new AppError(
      'file_unreadable',
      `${basename(path)} is damaged: ${entry.name} ${why}. Open it in its program and save it again.`,
      { path, entry: entry.name },
    )
  const parser = new SaxesParser({ xmlns: false, position: false })
  parser.on('error', (error) => {
    throw damaged(`is no XML (${error.message})`)
  })
  parser.on('doctype', () => {
    throw damaged('has a document type, which such files never have')
  })
  parser.on('opentag', ({ name, attributes }: SaxesTagPlain) => handlers.open(localName(name), attributes))
  parser.on('text', (text) => handlers.text?.(text))
  parser.on('cdata', (text) => handlers.text?.(text))
  parser.on('closetag', ({ name }: SaxesTagPlain) => handlers.close?.(localName(name)))

  let decoder: InstanceType<typeof TextDecoder> | null = null
  let bytes = 0
  const stream = await zip.stream(entry, most)
  try {
    for await (const part of stream as AsyncIterable<Buffer>) {
      if (signal?.aborted) throw new AppError('cancelled', 'Reading was cancelled.', { path })
      decoder ??= new TextDecoder(markOf(part))
      bytes += part.length
      parser.write(decoder.decode(part, { stream: true }))
      yield bytes
      // Streams of small parts do not let timers and messages through by themselves.
      if (bytes % 1_000_000 < part.length) await setImmediate()
    }
    parser.write(decoder?.decode() ?? '').close()
    yield bytes
  } catch (thrown) {
    if (thrown instanceof AppError) throw thrown
    throw damaged(`cannot be unpacked (${thrown instanceof Error ? thrown.message : String(thrown)})`)
  } finally {
    stream.destroy()
  }
}

/** Parses a part whose handlers need no turns of their own. */
export async function parseWholeXml(source: XmlSource, handlers: XmlHandlers): Promise<void> {
  const pieces = parseXml(source, handlers)
  while (!(await pieces.next()).done);
}

function localName(name: string): string {
  return name.slice(name.indexOf(':') + 1)
}

function markOf(bytes: Buffer): string {
  const mark = bytes.toString('latin1', 0, 2)
  return mark === '\xff\xfe' ? 'utf-16le' : mark === '\xfe\xff' ? 'utf-16be' : 'utf-8'
}

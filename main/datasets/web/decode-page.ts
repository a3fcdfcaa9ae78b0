import { isUtf8 } from 'node:buffer'

/** Bytes of the head in which a page may name its encoding, as the HTML standard has it. */
const searched = 1024

/**
 * The text of a page: in the encoding of its byte order mark, else of the answer's header, else of the page's own
 * `meta`, else UTF-8 where it is such, else Windows-1252. Damage becomes U+FFFD.
 */
export function decodePage(body: Buffer, contentType: string): string {
  const mark = body.subarray(0, 3).toString('hex')
  const marked =
    mark === 'efbbbf'
      ? 'utf-8'
      : mark.startsWith('fffe')
        ? 'utf-16le'
        : mark.startsWith('feff')
          ? 'utf-16be'
          : null
  const inHeader = /charset\s*=\s*["']?([\w:.-]{1,40})/i.exec(contentType)?.[1]
  const inMeta = /<meta\b[^>]{0,300}?charset\s*=\s*["']?([\w:.-]{1,40})/i.exec(
    body.toString('latin1', 0, searched),
  )?.[1]
  // A page that says of itself in plain letters that it is UTF-16 is not.
  const meta = inMeta && /^utf-?16/i.test(inMeta) ? 'utf-8' : inMeta
  for (const label of [marked, inHeader, meta]) {
    const decoder = label ? decoderFor(label) : null
    if (decoder) return decoder.decode(body)
  }
  return new TextDecoder(isUtf8(body) ? 'utf-8' : 'windows-1252').decode(body)
}

function decoderFor(label: string): InstanceType<typeof TextDecoder> | null {
  try {
    return new TextDecoder(label)
  } catch {
    // A name that no encoding has.
    return null
  }
}

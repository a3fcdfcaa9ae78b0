import { isAscii, isUtf8 } from 'node:buffer'
import { open } from 'node:fs/promises'
import { AppError } from '../../contract/errors.ts'
import { charsetName, guessCharset, surfaceCharset } from './charset.ts'
import type { ReadingProblem, ReadOptions } from './table.ts'

export interface TextChunk {
  readonly text: string
  /** Bytes of the file read so far. */
  readonly end: number
}

const chunkBytes = 256 * 1024
// One NUL in so many bytes is the most that a text may have.
const mostNul = 5

/**
 * Reads a text file in pieces: UTF-8 with or without byte order mark, UTF-16 with or without one, and what is no
 * UTF-8 from its first special character on in the charset that it most likely is. Later damage, and NUL, become
 * U+FFFD. Leaving the loop closes the file.
 *
 * @throws AppError `cancelled`, `file_unreadable` (mostly NUL bytes), `file_missing`.
 */
export async function* readTextChunks(
  path: string,
  { signal, onProblem }: ReadOptions = {},
): AsyncGenerator<TextChunk, void, undefined> {
  const file = await openFile(path)
  try {
    const buffer = Buffer.alloc(chunkBytes)
    let decode: Decode | null = null
    for (let end = 0; ;) {
      if (signal?.aborted) throw new AppError('cancelled', 'Reading was cancelled.', { path })
      const { bytesRead } = await file.read(buffer, 0, chunkBytes, end)
      const bytes = buffer.subarray(0, bytesRead)
      decode ??= decoderFor(bytes, path, onProblem)
      end += bytesRead
      yield { text: decode(bytes, bytesRead === 0), end }
      if (bytesRead === 0) return
    }
  } finally {
    await file.close()
  }
}

/** Reads a text file as a whole, decoded as `readTextChunks` does; the caller bounds its size. */
export async function readWholeText(path: string, options: ReadOptions = {}): Promise<string> {
  const parts: string[] = []
  for await (const { text } of readTextChunks(path, options)) parts.push(text)
  return parts.join('')
}

type Decoder = InstanceType<typeof TextDecoder>
type Decode = (bytes: Buffer, isLast: boolean) => string

function decoderFor(head: Buffer, path: string, onProblem: ReadOptions['onProblem']): Decode {
  const surface = surfaceCharset(head)
  if (surface === null) return withoutNul(utf8Decoder(onProblem), path, onProblem)
  const decoder = new TextDecoder(surface)
  if (!/^(?:\xff\xfe|\xfe\xff)/.test(head.toString('latin1', 0, 2))) onProblem?.(guessed(surface))
  return (bytes, isLast) => decoder.decode(bytes, { stream: !isLast })
}

function utf8Decoder(onProblem: ReadOptions['onProblem']): Decode {
  let carry: Buffer = Buffer.alloc(0)
  let isFirst = true
  let sawOthers = false
  let wasDamaged = false
  let fallback: Decoder | null = null

  const decodeWhole = (bytes: Buffer): string => {
    if (isAscii(bytes)) return bytes.toString('latin1')
    const text = bytes.toString('utf8')
    if (!isUtf8(bytes)) {
      const damaged = text.split('\ufffd').length - 1
      const intact = text.replaceAll(/[\u0000-\u007f\ufffd]+/g, '').length
      if (!sawOthers && damaged > intact) {
        const charset = guessCharset(bytes)
        onProblem?.(guessed(charset))
        fallback = new TextDecoder(charset)
        return fallback.decode(bytes, { stream: true })
      }
      if (!wasDamaged) onProblem?.(damage('Some characters are damaged (no valid UTF-8)'))
      wasDamaged = true
    }
    sawOthers = true
    return text
  }

  return (bytes, isLast) => {
    if (fallback) return fallback.decode(bytes, { stream: !isLast })
    const all = carry.length > 0 ? Buffer.concat([carry, bytes]) : bytes
    const cut = isLast ? all.length : all.length - openSequence(all)
    carry = Buffer.from(all.subarray(cut))
    let text = decodeWhole(all.subarray(0, cut))
    if (fallback && carry.length > 0) text += (fallback as Decoder).decode(carry, { stream: !isLast })
    const hasMark = isFirst && text.startsWith('\ufeff')
    isFirst = false
    return hasMark ? text.slice(1) : text
  }
}

/** A crash of the machine can leave NUL bytes in a text; a file with many of them is none. */
function withoutNul(decode: Decode, path: string, onProblem: ReadOptions['onProblem']): Decode {
  let wasTold = false
  return (bytes, isLast) => {
    if (!bytes.includes(0)) return decode(bytes, isLast)
    const zeros = bytes.reduce((count, byte) => count + (byte === 0 ? 1 : 0), 0)
    if (zeros * mostNul > bytes.length) throw notText(path)
    if (!wasTold) onProblem?.(damage('Some characters are NUL bytes, as a crash leaves them,'))
    wasTold = true
    return decode(bytes, isLast).replaceAll('\0', '\ufffd')
  }
}

function guessed(charset: string): ReadingProblem {
  const name = charsetName(charset)
  return {
    kind: 'encoding_guessed',
    where: '',
    message: `The file is not UTF-8; it was read as ${name}. If letters look wrong, save it again as UTF-8.`,
  }
}

function damage(what: string): ReadingProblem {
  return {
    kind: 'encoding_damaged',
    where: '',
    message: `${what} and show as \ufffd. Save the file again as UTF-8.`,
  }
}

/** Number of bytes at the end that begin a UTF-8 sequence without ending it. */
function openSequence(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] ?? 0
    if (byte < 0x80) return 0
    if (byte >= 0xc0) return back < (byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2) ? back : 0
  }
  return 0
}

export function notText(path: string): AppError {
  return new AppError(
    'file_unreadable',
    `${path} is not a text file: it holds NUL bytes. If it is another program's file, export it as CSV or text.`,
    { path },
  )
}

async function openFile(path: string) {
  try {
    return await open(path, 'r')
  } catch (error) {
    throw openError(path, error)
  }
}

/** What the system said about a file that cannot be opened, with a way out. */
export function openError(path: string, error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'ENOENT' || code === 'ENOTDIR')
    return new AppError('file_missing', `${path} does not exist any more. Check the path.`, { path })
  if (code === 'EACCES' || code === 'EPERM')
    return new AppError(
      'file_missing',
      `${path} cannot be read: permission denied. Change its permissions.`,
      {
        path,
      },
    )
  return error
}

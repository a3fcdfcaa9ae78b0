import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { basename } from 'node:path'
import { z } from 'zod'
import { AppError } from '../../contract/errors.ts'
import { pageTypes } from './page-type.ts'

/** The extension of a file of pages. */
export const webFileExtension = '.loracle-web'

const page = z.object({
  url: z.string().max(4096),
  title: z.string().max(10_000),
  type: z.enum(pageTypes),
  content: z.string(),
})
const header = z.object({ loracle: z.literal('web'), version: z.literal(1) })

/** A page as a web file keeps it, one to a line of JSON. */
export type WebPage = z.infer<typeof page>

export interface WebFileWriter {
  add(page: WebPage): Promise<void>
  /** Bytes written so far. */
  bytes(): number
  close(): Promise<void>
}

/** Begins a web file: a line that says what it is, then the pages, each on a line. */
export async function writeWebFile(path: string, about: { readonly url: string }): Promise<WebFileWriter> {
  const file = await open(path, 'wx')
  let bytes = 0
  const write = async (value: unknown) => {
    const line = `${JSON.stringify(value)}\n`
    bytes += Buffer.byteLength(line)
    await file.appendFile(line)
  }
  await write({ loracle: 'web', version: 1, url: about.url, readAt: new Date().toISOString() })
  return {
    add: ({ url, title, type, content }) => write({ url, title, type, content }),
    bytes: () => bytes,
    close: () => file.close(),
  }
}

/** A page has five megabytes at most, whose characters JSON may write with six. */
const longestLine = 32_000_000

/**
 * The pages of a web file. Lines that hold no page are passed over and reported.
 *
 * @throws AppError `file_unreadable` where it is no such file, `file_missing`, `cancelled`
 */
export async function* webPages(
  path: string,
  { signal, onFault }: { readonly signal?: AbortSignal | undefined; onFault?(line: number): void } = {},
): AsyncGenerator<WebPage> {
  let number = 0
  for await (const line of linesOf(path, signal)) {
    number++
    const value = parsed(line)
    if (number === 1) {
      if (!header.safeParse(value).success)
        throw new AppError(
          'file_unreadable',
          `${basename(path)} is no file of web pages, or one of a newer version. Read the pages again.`,
          { path },
        )
      continue
    }
    const found = page.safeParse(value)
    if (found.success) yield found.data
    else if (line !== '') onFault?.(number)
  }
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

/** Lines that are too long come as empty ones. */
async function* linesOf(path: string, signal: AbortSignal | undefined): AsyncGenerator<string> {
  let parts: string[] = []
  let length = 0
  const end = (): string => {
    const line = length > longestLine ? '' : parts.join('')
    parts = []
    length = 0
    return line
  }
  for await (const chunk of createReadStream(path, { encoding: 'utf8', highWaterMark: 256 * 1024 })) {
    if (signal?.aborted) throw new AppError('cancelled', 'Reading was cancelled.', { path })
    const pieces = String(chunk).split('\n')
    for (const [i, piece] of pieces.entries()) {
      length += piece.length
      if (length <= longestLine) parts.push(piece)
      if (i < pieces.length - 1) yield end()
    }
  }
  if (length > 0) yield end()
}

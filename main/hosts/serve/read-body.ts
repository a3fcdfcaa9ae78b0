import type { IncomingMessage } from 'node:http'
import { ApiError } from './api-error.ts'

/** The most bytes that a request may have. */
export const maxBodyBytes = 1024 * 1024
/** The most bytes of all requests that are being read, wait or are answered. */
export const maxHeldBytes = 64 * 1024 * 1024

export interface BodyReader {
  readonly heldBytes: number
  /**
   * Reads a JSON body. What it takes counts until `release` is called.
   *
   * @throws ApiError 400, 413, 415, or 429 where too much is held.
   */
  read(request: IncomingMessage): Promise<{ readonly value: unknown; release(): void }>
}

export function createBodyReader(retrySeconds: () => number): BodyReader {
  let heldBytes = 0
  return {
    get heldBytes() {
      return heldBytes
    },
    async read(request) {
      checkHeaders(request)
      const chunks: Buffer[] = []
      let bytes = 0
      const release = (): void => {
        heldBytes -= bytes
        bytes = 0
      }
      try {
        // A request that is too large is answered, so its connection stays.
        const read = request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>
        for await (const chunk of read) {
          bytes += chunk.length
          heldBytes += chunk.length
          if (bytes > maxBodyBytes) throw tooLarge()
          if (heldBytes > maxHeldBytes) throw tooMuch(retrySeconds())
          chunks.push(chunk)
        }
        return { value: parse(Buffer.concat(chunks)), release }
      } catch (thrown) {
        release()
        throw thrown
      }
    },
  }
}

function checkHeaders({ headers }: IncomingMessage): void {
  const type = headers['content-type']?.split(';')[0]?.trim().toLowerCase()
  if (type !== 'application/json')
    throw new ApiError(
      415,
      'unsupported_media_type',
      'The request must be JSON: send the header Content-Type: application/json.',
    )
  const encoding = headers['content-encoding']
  if (encoding !== undefined && encoding !== 'identity')
    throw new ApiError(415, 'unsupported_media_type', 'The request must not be compressed.')
  if (Number(headers['content-length'] ?? 0) > maxBodyBytes) throw tooLarge()
}

function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    throw new ApiError(400, 'invalid_json', 'The request is no JSON in UTF-8. Send a JSON object.')
  }
}

function tooLarge(): ApiError {
  return new ApiError(
    413,
    'request_too_large',
    `A request may have ${maxBodyBytes / 1024} KiB. Send a shorter context: a few passages that fit the question.`,
  )
}

function tooMuch(retrySeconds: number): ApiError {
  return new ApiError(
    429,
    'rate_limit_exceeded',
    'The requests that wait hold too much text already. Ask again when some are answered.',
    { headers: { 'Retry-After': String(retrySeconds) } },
  )
}

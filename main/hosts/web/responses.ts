import { createReadStream } from 'node:fs'
import { STATUS_CODES } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { pipeline } from 'node:stream/promises'

/** Answers with a plain sentence. */
export function say(response: ServerResponse, status: number, sentence: string): void {
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8', 'Cache-Control': 'no-store' })
  response.end(sentence)
}

/** Streams a file; of a HEAD request, the headers alone. */
export async function sendFile(
  request: IncomingMessage,
  response: ServerResponse,
  file: { readonly path: string; readonly bytes: number; readonly contentType: string },
): Promise<void> {
  response.setHeader('Content-Type', file.contentType)
  response.setHeader('Content-Length', file.bytes)
  if (request.method === 'HEAD') {
    response.end()
    return
  }
  // What is appended to the file meanwhile would not fit the length that was announced.
  const end = Math.max(0, file.bytes - 1)
  if (file.bytes === 0) response.end()
  else await pipeline(createReadStream(file.path, { end }), response)
}

/** Answers a request that wanted to become a WebSocket, and closes it. */
export function refuse(socket: Duplex, status: number, sentence: string): void {
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    'Content-Type: text/plain; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(sentence)}`,
    'Connection: close',
    '',
    sentence,
  ]
  // The socket is no longer the server's, whose timeouts would have ended one that the other side keeps open.
  socket.end(lines.join('\r\n'), () => socket.destroy())
}

/** How long a refused upload is read on. */
const drainMs = 10_000

/** Reads on what is still sent, so that a browser shows the answer instead of a broken connection. */
export function drained(request: IncomingMessage): Promise<void> {
  if (request.readableEnded || request.destroyed) return Promise.resolve()
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, drainMs)
    const done = (): void => {
      clearTimeout(timer)
      resolve()
    }
    request.once('end', done).once('close', done).once('error', done)
    request.resume()
  })
}

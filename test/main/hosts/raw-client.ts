import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { onTestFinished } from 'vitest'
import type { WebHost } from '../../../main/hosts/web/web-host.ts'
import { cookieOf, originOf } from './web-client.ts'
import type { TestHost } from './web-client.ts'

/** A connection on which any bytes can be written. */
export interface RawClient {
  readonly socket: Socket
  write(text: string | Buffer): void
  /** What has come so far. */
  text(): string
  /** Everything that came, once the host has closed the connection. */
  closed(): Promise<string>
}

export function openRaw(host: WebHost, options: { readonly allowHalfOpen?: boolean } = {}): RawClient {
  const socket = connect({ host: '127.0.0.1', port: host.port, ...options })
  let text = ''
  socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')))
  // A connection that is cut off is one of the answers.
  socket.on('error', () => undefined)
  const closed = new Promise<string>((resolve) => socket.once('close', () => resolve(text)))
  onTestFinished(() => {
    socket.destroy()
  })
  return { socket, write: (bytes) => socket.write(bytes), text: () => text, closed: () => closed }
}

/** The head of a request from the window, to which more headers can be added; ends with the empty line. */
export function headOf(host: TestHost, line: string, headers: readonly string[] = []): string {
  const own = [`Host: 127.0.0.1:${host.port}`, `Origin: ${originOf(host)}`, `Cookie: ${cookieOf(host)}`]
  return [`${line} HTTP/1.1`, ...own, ...headers, '', ''].join('\r\n')
}

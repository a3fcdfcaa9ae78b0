import type { Server } from 'node:http'
import type { Duplex } from 'node:stream'

export interface Connections {
  /** Says of a connection that a request on it was let in: it is not given up for another. */
  admit(socket: Duplex): void
}

/**
 * Holds no more connections than `most`. One more takes the place of the oldest on which nothing was let in yet, so
 * that whoever has no token cannot lock out the owner; where there is none such, it is refused with a sentence.
 */
export function boundConnections(server: Server, most: number): Connections {
  const strangers = new Set<Duplex>()
  const admitted = new Set<Duplex>()
  server.prependListener('connection', (socket) => {
    if (strangers.size + admitted.size >= most) {
      const [oldest] = strangers
      if (!oldest) {
        socket.end(full(most), () => socket.destroy())
        return
      }
      strangers.delete(oldest)
      oldest.destroy()
    }
    strangers.add(socket)
    socket.once('close', () => {
      strangers.delete(socket)
      admitted.delete(socket)
    })
  })
  return {
    admit: (socket) => {
      if (strangers.delete(socket)) admitted.add(socket)
    },
  }
}

function full(most: number): string {
  const sentence = `Loracle has as many connections as it takes (${most}). Close some of its windows, then try again.\n`
  return [
    'HTTP/1.1 503 Service Unavailable',
    'Content-Type: text/plain; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(sentence)}`,
    'Connection: close',
    '',
    sentence,
  ].join('\r\n')
}

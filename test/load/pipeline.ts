import { connect } from 'node:net'
import type { ApiReply, ApiTarget } from '../support/api-client.ts'

/**
 * Sends requests one behind the other over one connection, without waiting for answers, which HTTP gives in the order
 * of the requests.
 */
export function pipelined(
  { port, key }: ApiTarget,
  path: string,
  bodies: readonly object[],
): Promise<readonly ApiReply[]> {
  return new Promise((resolve, reject) => {
    const replies: ApiReply[] = []
    let unread = Buffer.alloc(0)
    const socket = connect(port, '127.0.0.1', () => {
      for (const body of bodies) {
        const text = JSON.stringify(body)
        const lines = [
          `POST ${path} HTTP/1.1`,
          `Host: 127.0.0.1:${port}`,
          `Authorization: Bearer ${key ?? ''}`,
          'Content-Type: application/json',
          `Content-Length: ${Buffer.byteLength(text)}`,
        ]
        socket.write(`${lines.join('\r\n')}\r\n\r\n${text}`)
      }
    })
    socket.on('data', (chunk: Buffer) => {
      unread = Buffer.concat([unread, chunk])
      for (let reply = readReply(unread); reply; reply = readReply(unread)) {
        replies.push(reply.reply)
        unread = unread.subarray(reply.bytes)
      }
      if (replies.length < bodies.length) return
      socket.destroy()
      resolve(replies)
    })
    socket.on('error', reject)
    socket.on('close', () => reject(new Error(`${replies.length} of ${bodies.length} were answered.`)))
  })
}

/** The first whole reply with a known length; null before it is there. */
function readReply(bytes: Buffer): { readonly reply: ApiReply; readonly bytes: number } | null {
  const end = bytes.indexOf('\r\n\r\n')
  if (end === -1) return null
  const [first = '', ...lines] = bytes.toString('latin1', 0, end).split('\r\n')
  const headers = Object.fromEntries(
    lines.map((line) => {
      const colon = line.indexOf(':')
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]
    }),
  )
  const length = Number(headers['content-length'])
  if (!Number.isSafeInteger(length)) throw new Error(`A reply without a length: ${first}`)
  const start = end + 4
  if (bytes.length < start + length) return null
  const text = bytes.toString('utf8', start, start + length)
  return { reply: { status: Number(first.split(' ')[1]), headers, text }, bytes: start + length }
}

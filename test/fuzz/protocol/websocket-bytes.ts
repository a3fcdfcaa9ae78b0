import { maxFrameLength } from '../../../main/rpc/frames.ts'
import type { Random } from '../mutate.ts'
import { frameText, hostileValue, pick } from './hostile-values.ts'
import type { WireTarget } from './wire.ts'
import type { WireHost } from './wire-host.ts'

/** WebSockets as no browser opens or uses them (RFC 6455): handshakes, frames and lengths that are wrong. */
export const websocketBytes: WireTarget = {
  makeCase: (random, host) => {
    const frames = Array.from({ length: pick([0, 1, 1, 2, 5, 30], random) }, () => frameOf(random))
    let bytes: Buffer = Buffer.concat(frames)
    if (random(6) === 0 && bytes.length > 0) bytes = bytes.subarray(0, random(bytes.length))
    if (random(8) === 0 && bytes.length > 0) bytes[random(bytes.length)] = random(256)
    const handshake = handshakeOf(random, host)
    const pieces = [handshake, bytes].filter(({ length }) => length > 0)
    return {
      pieces: random(3) === 0 ? [Buffer.concat(pieces)] : pieces,
      isCut: false,
      mayEnter: handshake.includes(host.token),
    }
  },
  read: (answer, { mayEnter }) => {
    const text = answer.toString('latin1')
    if (text === '') return { outcomes: ['no answer'], fault: null }
    const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(text)?.[1] ?? 0)
    if (status !== 101) {
      const fault =
        status === 0 || (status >= 500 && status !== 503) ? `status ${status}: ${text.slice(0, 300)}` : null
      return { outcomes: [String(status)], fault }
    }
    const ends = closeCodes(answer.subarray(answer.indexOf('\r\n\r\n') + 4))
    // A code that the client gave comes back to it; 1006 and 1011 would tell of a fault of the host.
    const odd = ends.find((code) => code === 1006 || code === 1011)
    const outcomes = ['101', ...ends.map((code) => `end ${code}`)]
    if (odd !== undefined) return { outcomes, fault: `closed with ${odd}` }
    return { outcomes, fault: mayEnter ? null : 'let in without the token' }
  },
}

function handshakeOf(random: Random, host: WireHost): Buffer {
  const own = `127.0.0.1:${host.port}`
  const wrong = (right: string, others: readonly string[]): string =>
    random(25) === 0 ? pick(others, random) : right
  const lines = [
    wrong('GET /rpc HTTP/1.1', [
      'POST /rpc HTTP/1.1',
      'GET /rpc HTTP/1.0',
      'GET /other HTTP/1.1',
      'GET rpc HTTP/1.1',
    ]),
    wrong(`Host: ${own}`, ['Host: evil.example', '']),
    wrong('Connection: Upgrade', ['Connection: keep-alive', 'Connection: keep-alive, Upgrade', '']),
    wrong('Upgrade: websocket', [
      'Upgrade: websocket, h2c',
      'Upgrade: h2c',
      'Upgrade: WEBSOCKET',
      'Upgrade:',
    ]),
    wrong(`Origin: http://${own}`, ['Origin: null', 'Origin: http://evil.example', '']),
    wrong(`Cookie: loracle-${host.port}=${host.token}`, [`Cookie: loracle-${host.port}=x`, '']),
    wrong('Sec-WebSocket-Version: 13', [
      'Sec-WebSocket-Version: 8',
      'Sec-WebSocket-Version: 99999999999',
      '',
    ]),
    wrong('Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==', ['Sec-WebSocket-Key: x', 'Sec-WebSocket-Key: ', '']),
    wrong('', [
      'Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits=99; x="',
      'Sec-WebSocket-Extensions: permessage-deflate',
      `Sec-WebSocket-Protocol: ${'a,'.repeat(4000)}b`,
      'Sec-WebSocket-Protocol: a, a',
      'Content-Length: 5',
    ]),
  ].filter((line) => line !== '')
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1')
}

const opcodes = { text: 1, binary: 2, more: 0, close: 8, ping: 9, pong: 10 }

function frameOf(random: Random): Buffer {
  const opcode = random(12) === 0 ? random(16) : pick([1, 1, 1, 1, 2, 0, 8, 9, 10], random)
  const payload = Buffer.from(payloadOf(random, opcode))
  const isWild = random(8) === 0
  const isFinal = random(10) !== 0
  const reserved = isWild ? random(8) << 4 : 0
  const isMasked = random(15) !== 0
  const length = isWild && random(2) === 0 ? pick(lies, random) : BigInt(payload.length)
  const widest = isWild ? pick([0, 126, 127], random) : 0
  const head: Buffer[] = [Buffer.from([(isFinal ? 0x80 : 0) | reserved | opcode])]
  head.push(lengthOf(length, { isMasked, widest }))
  const mask = Buffer.from([random(256), random(256), random(256), random(256)])
  if (isMasked) head.push(mask)
  if (isMasked) for (let i = 0; i < payload.length; i++) payload[i] = (payload[i] ?? 0) ^ (mask[i % 4] ?? 0)
  return Buffer.concat([...head, payload])
}

const lies = [
  0n,
  125n,
  126n,
  65_535n,
  65_536n,
  BigInt(maxFrameLength),
  BigInt(maxFrameLength + 1),
  2n ** 31n,
  2n ** 53n,
  2n ** 63n,
  2n ** 64n - 1n,
]

function lengthOf(
  length: bigint,
  { isMasked, widest }: { readonly isMasked: boolean; readonly widest: number },
): Buffer {
  const flag = isMasked ? 0x80 : 0
  if (length < 126n && widest === 0) return Buffer.from([flag | Number(length)])
  if (length < 65_536n && widest !== 127) {
    const bytes = Buffer.from([flag | 126, 0, 0])
    bytes.writeUInt16BE(Number(length), 1)
    return bytes
  }
  const bytes = Buffer.alloc(9)
  bytes[0] = flag | 127
  bytes.writeBigUInt64BE(length, 1)
  return bytes
}

function payloadOf(random: Random, opcode: number): Buffer {
  if (opcode === opcodes.close)
    return pick(
      [
        Buffer.alloc(0),
        Buffer.from([3]),
        Buffer.from([3, 232]),
        Buffer.from([0, random(256)]),
        Buffer.from([random(256), random(256), 0xff, 0xfe]),
        Buffer.concat([Buffer.from([3, 232]), Buffer.alloc(200, 'x')]),
      ],
      random,
    )
  if (opcode === opcodes.ping || opcode === opcodes.pong)
    return Buffer.alloc(pick([0, 1, 125, 126, 70_000], random), 'p')
  switch (random(6)) {
    case 0:
      return Buffer.from([0x22, pick([0xff, 0xc0, 0xed, 0xf5], random), 0xa0, 0x80, 0x22])
    case 1:
      return Buffer.from(frameText(hostileValue(random)))
    case 2:
      return Buffer.alloc(10 ** random(6), '[')
    default:
      return Buffer.from(
        frameText({
          id: random(4),
          ...(random(5) === 0
            ? { cancel: true }
            : { method: pick(['echo', 'count', 'watch', 'fail', '__proto__'], random) }),
          args: pick([{ text: 'a' }, { to: 50 }, {}, { how: 'known' }, hostileValue(random)], random),
        }),
      )
  }
}

/** The codes of the close frames among what the host has sent; its frames are whole and not masked. */
function closeCodes(bytes: Buffer): number[] {
  const codes: number[] = []
  for (let at = 0; at + 2 <= bytes.length;) {
    const [first = 0, second = 0] = bytes.subarray(at)
    const short = second & 0x7f
    const wide = short === 126 ? 2 : short === 127 ? 8 : 0
    if (at + 2 + wide > bytes.length) break
    const length =
      wide === 0 ? short : wide === 2 ? bytes.readUInt16BE(at + 2) : Number(bytes.readBigUInt64BE(at + 2))
    const start = at + 2 + wide
    if ((first & 0x0f) === opcodes.close)
      codes.push(length >= 2 && start + 2 <= bytes.length ? bytes.readUInt16BE(start) : 1005)
    at = start + length
  }
  return codes
}

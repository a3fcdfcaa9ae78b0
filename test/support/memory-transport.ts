import { textTransport } from '../../main/rpc/text-transport.ts'
import type { Transport } from '../../main/rpc/transport.ts'

/** Two ends joined in this process. Frames cross as JSON text and arrive later, as they do over a socket. */
export function memoryTransportPair(): readonly [Transport, Transport] {
  const left = textTransport({
    send: (text) => queueMicrotask(() => right.receive(text)),
    close: () => queueMicrotask(() => right.closed()),
  })
  const right = textTransport({
    send: (text) => queueMicrotask(() => left.receive(text)),
    close: () => queueMicrotask(() => left.closed()),
  })
  return [left, right]
}

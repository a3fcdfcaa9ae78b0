import { textTransport } from './text-transport.ts'
import type { Transport } from './transport.ts'

/** The part of a WebSocket that a transport uses; a browser's and that of the package ws both offer it. */
export interface SocketLike {
  readonly bufferedAmount: number
  send(text: string): void
  close(code?: number, reason?: string): void
  /** Closes without waiting for what is still to be sent; a browser's socket does not have it. */
  terminate?(): void
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void
  addEventListener(type: 'close' | 'error', listener: () => void): void
}

/** A reader that has let so many bytes pile up no longer reads. */
const maxBuffered = 64 * 1024 * 1024

/**
 * A transport over a WebSocket, opening or open. The client sends nothing before the server's first frame, so
 * there is no need to wait for the opening.
 *
 * ```ts
 * createClient<Methods>(() => webSocketTransport(new WebSocket(`ws://${location.host}/rpc`)))
 * ```
 */
export function webSocketTransport(socket: SocketLike): Transport {
  const transport = textTransport({
    send: (text) => {
      socket.send(text)
      if (socket.bufferedAmount <= maxBuffered) return
      socket.terminate?.()
      transport.close()
    },
    close: () => socket.close(),
  })
  socket.addEventListener('message', ({ data }) => transport.receive(data))
  socket.addEventListener('close', () => transport.closed())
  // An error is always followed by the close; ws asks for a listener all the same.
  socket.addEventListener('error', () => undefined)
  return transport
}

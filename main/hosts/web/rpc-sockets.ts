import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocketServer } from 'ws'
import type { WebSocket } from 'ws'
import { maxFrameLength } from '../../rpc/frames.ts'
import type { Transport } from '../../rpc/transport.ts'
import { webSocketTransport } from '../../rpc/web-socket-transport.ts'

export interface RpcSockets {
  /** Makes a transport of a request that has been let in, and serves it. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void
  /** Those that are open, or on their way to it or from it. */
  count(): number
  close(): void
}

const heartbeatMs = 15_000

/** The WebSockets of the windows: bounded messages, and a heartbeat that finds those whose machine is gone. */
export function createRpcSockets(serve: (transport: Transport) => void): RpcSockets {
  const server = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: maxFrameLength,
    clientTracking: true,
  })
  const answered = new WeakSet<WebSocket>()
  server.on('connection', (socket) => {
    answered.add(socket)
    socket.on('pong', () => answered.add(socket))
    serve(webSocketTransport(socket))
  })
  const heartbeat = setInterval(() => {
    for (const socket of server.clients)
      if (answered.delete(socket)) socket.ping()
      else socket.terminate()
  }, heartbeatMs)
  heartbeat.unref()

  return {
    upgrade: (request, socket, head) =>
      server.handleUpgrade(request, socket, head, (upgraded) => server.emit('connection', upgraded, request)),
    count: () => server.clients.size,
    close: () => {
      clearInterval(heartbeat)
      for (const socket of server.clients) {
        socket.close(1001)
        // A window that does not answer the close must not hold up the end.
        setTimeout(() => socket.terminate(), 500).unref()
      }
      server.close()
    },
  }
}

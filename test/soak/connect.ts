import { WebSocket } from 'ws'
import type { Methods } from '../../main/contract/methods.ts'
import { createClient } from '../../main/rpc/client.ts'
import type { Client } from '../../main/rpc/client.ts'
import { webSocketTransport } from '../../main/rpc/web-socket-transport.ts'

export interface Connected {
  readonly client: Client<Methods>
  /** Cuts the connection as a machine does that loses its power; the client would connect again. */
  cut(): void
}

/** Connects to a web host as a window does, by the address that the host has printed. */
export function connectTo(address: string): Connected {
  const { port, searchParams } = new URL(address)
  const headers = {
    Cookie: `loracle-${port}=${searchParams.get('token') ?? ''}`,
    Origin: `http://127.0.0.1:${port}`,
  }
  let socket: WebSocket | undefined
  const client = createClient<Methods>(() => {
    socket = new WebSocket(`ws://127.0.0.1:${port}/rpc`, { headers })
    return webSocketTransport(socket)
  })
  return { client, cut: () => socket?.terminate() }
}

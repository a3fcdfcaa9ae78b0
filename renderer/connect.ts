import type { Methods } from '../main/contract/methods.ts'
import { createClient } from '../main/rpc/client.ts'
import type { Client } from '../main/rpc/client.ts'
import { preloadTransport } from '../main/rpc/preload-transport.ts'
import type { Transport } from '../main/rpc/transport.ts'
import { webSocketTransport } from '../main/rpc/web-socket-transport.ts'
import { preload } from './preload-surface.ts'

function openTransport(): Transport {
  if (preload) return preloadTransport(preload)
  const scheme = location.protocol === 'https:' ? 'wss:' : 'ws:'
  return webSocketTransport(new WebSocket(`${scheme}//${location.host}/rpc`))
}

/**
 * The window's one connection to its host: calls are kept until the host is ready.
 *
 * ```ts
 * const projects = await host.call('projects.list', {})
 * await host.call('runs.watch', { runId, maxPoints: 800 }, { onEvent: show, signal, retry: true })
 * ```
 */
export const host: Client<Methods> = createClient<Methods>(openTransport)

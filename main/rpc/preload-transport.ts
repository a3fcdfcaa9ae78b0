import { textTransport } from './text-transport.ts'
import type { Transport } from './transport.ts'

/** The part of the preload's surface that carries messages. */
export interface PreloadMessages {
  send(text: string): void
  /** Opens the connection; a second call opens a new one and closes the first. */
  onMessage(listener: (text: string) => void): void
}

/** A transport over what the Electron preload offers. It lives as long as the page. */
export function preloadTransport(preload: PreloadMessages): Transport {
  const transport = textTransport({ send: (text) => preload.send(text), close: () => undefined })
  // Whoever makes the transport adds its listeners in the same turn, before any message can arrive.
  preload.onMessage((text) => transport.receive(text))
  return transport
}

import { maxFrameLength } from './frames.ts'
import { FrameTooLargeError } from './transport.ts'
import type { Transport } from './transport.ts'

/** What carries texts in order: a socket, a message channel, or another object in the same process. */
export interface TextCarrier {
  send(text: string): void
  close(): void
}

export interface TextTransport extends Transport {
  /** The carrier calls this with each text that arrives; one that is too long or no JSON closes the transport. */
  receive(text: unknown): void
  /** The carrier calls this when it has closed. */
  closed(): void
}

/** A transport over something that carries texts: frames cross as JSON, bounded by `maxFrameLength`. */
export function textTransport(carrier: TextCarrier): TextTransport {
  const messageListeners = new Set<(frame: unknown) => void>()
  const closeListeners = new Set<() => void>()
  let isClosed = false

  const closed = (): void => {
    if (isClosed) return
    isClosed = true
    for (const listener of closeListeners) listener()
    messageListeners.clear()
    closeListeners.clear()
  }
  const close = (): void => {
    if (isClosed) return
    carrier.close()
    closed()
  }

  return {
    send: (frame) => {
      if (isClosed) return
      const text = JSON.stringify(frame)
      if (text.length > maxFrameLength) throw new FrameTooLargeError(text.length, maxFrameLength)
      carrier.send(text)
    },
    onMessage: (listener) => {
      messageListeners.add(listener)
      return () => messageListeners.delete(listener)
    },
    onClose: (listener) => {
      if (isClosed) listener()
      else closeListeners.add(listener)
    },
    close,
    receive: (text) => {
      if (isClosed) return
      const frame = parsed(text)
      if (frame === undefined) close()
      else for (const listener of messageListeners) listener(frame)
    },
    closed,
  }
}

function parsed(text: unknown): unknown {
  if (typeof text !== 'string' || text.length > maxFrameLength) return undefined
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

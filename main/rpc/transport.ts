import type { Frame } from './frames.ts'

/**
 * One connection between a client and a server. What arrives is foreign: whoever listens checks it. Frames arrive
 * in the order in which they were sent, or the connection closes.
 */
export interface Transport {
  /** Frames sent after the close are dropped. @throws FrameTooLargeError, and then nothing was sent. */
  send(frame: Frame): void
  /** @returns a function that takes the listener off again */
  onMessage(listener: (frame: unknown) => void): () => void
  /** Called once, whichever side closed; at once where it is closed already. */
  onClose(listener: () => void): void
  close(): void
}

/** A frame that has more characters than the transport carries. */
export class FrameTooLargeError extends Error {
  constructor(length: number, limit: number) {
    super(`A message of ${length} characters is longer than the ${limit} that can be sent.`)
    this.name = 'FrameTooLargeError'
  }
}

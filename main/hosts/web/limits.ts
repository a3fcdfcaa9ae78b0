/** What the web host takes at once, and how long it waits for those who are slow. */
export interface WebLimits {
  /** WebSockets, one to a window. */
  readonly windows: number
  /** Connections in all. */
  readonly connections: number
  /** Files that are being uploaded. */
  readonly uploads: number
  /** Milliseconds in which the headers of a request must have come. */
  readonly headersMs: number
  /** Milliseconds without a byte, either way, after which a request is taken for dead; it may take any time in all. */
  readonly idleMs: number
}

export const webLimits: WebLimits = {
  windows: 256,
  connections: 1024,
  uploads: 16,
  headersMs: 20_000,
  idleMs: 120_000,
}

import type { WriteStream } from 'node:tty'
import { truncate } from './format.ts'

/** One line that is rewritten while work goes on, with plain lines above it. */
export interface ProgressLine {
  /** Shows a new state; without a terminal at most one line every few seconds is written. */
  update(text: string): void
  /** Writes a line that stays. */
  print(line: string): void
  /** Removes the progress line. */
  clear(): void
}

type Stream = Pick<WriteStream, 'write'> & { readonly isTTY?: boolean; readonly columns?: number }

export interface ProgressOptions {
  readonly now?: () => number
  /** Milliseconds between rewrites on a terminal, and between lines without one. */
  readonly terminalMs?: number
  readonly plainMs?: number
}

const eraseLine = '\r\u001b[2K'

export function createProgressLine(stream: Stream, options: ProgressOptions = {}): ProgressLine {
  const { now = Date.now, terminalMs = 100, plainMs = 5_000 } = options
  const isTerminal = stream.isTTY === true
  // Some terminals say that they are 0 columns wide.
  const width = (): number => (stream.columns ? stream.columns : 80)
  let shown = ''
  let lastAt = Number.NEGATIVE_INFINITY
  const clear = (): void => {
    if (shown) stream.write(eraseLine)
    shown = ''
  }
  return {
    clear,
    update: (text) => {
      const at = now()
      if (at - lastAt < (isTerminal ? terminalMs : plainMs)) return
      lastAt = at
      if (isTerminal) {
        shown = truncate(text, width() - 1)
        stream.write(eraseLine + shown)
      } else stream.write(`${text}\n`)
    },
    print: (line) => {
      clear()
      stream.write(`${line}\n`)
      lastAt = Number.NEGATIVE_INFINITY
    },
  }
}

import type { Report, TrainerMessage } from './protocol.ts'

/** Sends reports in order, together where they come faster than about twenty times a second. */
export interface ReportBatches {
  add(report: Report): void
  /** Sends what is left; resolves when it has left this process. */
  flush(): Promise<void>
}

const intervalMs = 50

/** Collects reports for `send`: one alone goes as it is, several as a `batch`. */
export function reportBatches(send: (message: TrainerMessage) => Promise<void>): ReportBatches {
  let waiting: Report[] = []
  let timer: NodeJS.Timeout | null = null
  let sent = Promise.resolve()
  const flush = (): Promise<void> => {
    if (timer) clearTimeout(timer)
    timer = null
    const [first, ...rest] = waiting
    waiting = []
    if (first) {
      const message: TrainerMessage = rest.length === 0 ? first : { type: 'batch', reports: [first, ...rest] }
      sent = Promise.all([sent, send(message)]).then(() => undefined)
    }
    return sent
  }
  let last = -Infinity
  return {
    add(report) {
      waiting.push(report)
      if (timer) return
      // The first after a pause goes at once.
      const now = performance.now()
      const wait = Math.max(0, last + intervalMs - now)
      last = now + wait
      if (wait === 0) void flush()
      else timer = setTimeout(() => void flush(), wait)
    },
    flush,
  }
}

import type { Report, TrainerMessage } from './protocol.ts'

/** Sends reports in order, together where they come faster than about twenty times a second. */
export interface ReportBatches {
  add(report: Report): void
  /** Sends what is left; resolves when it has left this process. */
  flush(): Promise<void>
}

const intervalMs = 50
/** Reports kept for a host that does not read, as one that was stopped; beyond it steps are left out. */
const mostWaiting = 20_000

/**
 * Collects reports for `send`: one alone goes as it is, several as a `batch`. One message is on its way at a time,
 * so that what gathers while the host reads nothing gathers here, within a bound: training goes on, and every
 * second step is spared; all of them are in the run's metrics.
 *
 * @param send resolves when the message has left this process
 */
export function reportBatches(send: (message: TrainerMessage) => Promise<void>): ReportBatches {
  let waiting: Report[] = []
  let most = mostWaiting
  let timer: NodeJS.Timeout | null = null
  let sending: Promise<void> | null = null
  let last = -Infinity

  const sendAll = (): Promise<void> => {
    if (timer) clearTimeout(timer)
    timer = null
    const [first, ...rest] = waiting
    waiting = []
    most = mostWaiting
    if (!first) return Promise.resolve()
    const message: TrainerMessage = rest.length === 0 ? first : { type: 'batch', reports: [first, ...rest] }
    sending = send(message).then(() => {
      sending = null
      if (waiting.length > 0) plan()
    })
    return sending
  }
  const plan = (): void => {
    if (timer || sending) return
    // The first after a pause goes at once.
    const now = performance.now()
    const wait = Math.max(0, last + intervalMs - now)
    last = now + wait
    if (wait === 0) void sendAll()
    else timer = setTimeout(() => void sendAll(), wait)
  }

  return {
    add(report) {
      waiting.push(report)
      if (waiting.length > most) {
        waiting = withFewerSteps(waiting)
        // Where little could be spared, looking again at every report would take ever longer.
        most = Math.max(mostWaiting, 2 * waiting.length)
      }
      plan()
    },
    async flush() {
      while (sending || waiting.length > 0) await (sending ?? sendAll())
    },
  }
}

/** Leaves out every second step, and words on how far a phase has come; the newest report stays in any case. */
function withFewerSteps(reports: readonly Report[]): Report[] {
  let steps = 0
  return reports.filter((report, index) => {
    if (index === reports.length - 1) return true
    if (report.type === 'progress') return false
    return report.type !== 'step' || ++steps % 2 === 0
  })
}

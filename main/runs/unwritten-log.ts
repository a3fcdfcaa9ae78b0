import type { LogLine } from '../contract/runs.ts'
import type { Store } from '../store/open.ts'
import { writeLog } from './run-writes.ts'

/** The lines of a run's log on their way to the store: in their order, each once, also after a time without room. */
export interface UnwrittenLog {
  add(line: LogLine): void
  /** Writes what waits. @throws as the store does; what was not written waits for the next time. */
  write(): Promise<void>
}

export function createUnwrittenLog(store: Store, runId: string): UnwrittenLog {
  const waiting: LogLine[] = []
  let last: Promise<unknown> = Promise.resolve()
  const writeAll = async (): Promise<void> => {
    for (;;) {
      const [line] = waiting
      if (!line) return
      await writeLog(store, runId, line)
      waiting.shift()
    }
  }
  return {
    add: (line) => void waiting.push(line),
    write: () => {
      const mine = last.then(writeAll)
      last = mine.catch(() => undefined)
      return mine
    },
  }
}

import { setImmediate } from 'node:timers/promises'
import { AppError } from '../../contract/errors.ts'

/** How long the checks keep the app's thread to themselves, milliseconds. */
const longestTurn = 8

export interface Pace {
  /** Lets other work in where it is time. @throws AppError `cancelled` */
  rest(done?: number): Promise<void>
}

export interface PaceOptions {
  readonly signal: AbortSignal
  readonly onProgress: (done: number) => void
}

export function createPace({ signal, onProgress }: PaceOptions): Pace {
  let start = performance.now()
  let reported = start
  return {
    async rest(done) {
      const now = performance.now()
      if (now - start < longestTurn) return
      if (signal.aborted) throw new AppError('cancelled', 'The check of the data was stopped.')
      if (done !== undefined && now - reported > 100) {
        onProgress(done)
        reported = now
      }
      await setImmediate()
      start = performance.now()
    },
  }
}

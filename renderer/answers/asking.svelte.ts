import type { AnswerEvent } from '../../main/contract/comparisons.ts'
import type { ErrorValue } from '../../main/contract/errors.ts'
import { errorOf, isCancelled } from '../state/errors.ts'
import { asked, withEvent } from './answer-progress.ts'
import type { AnswerProgress } from './answer-progress.ts'

interface CallOptions {
  readonly onEvent: (event: AnswerEvent) => void
  readonly signal: AbortSignal
}

export interface Asking {
  /** Undefined before the first question. */
  readonly progress: AnswerProgress | undefined
  /** True while answers are on their way. */
  readonly busy: boolean
  readonly error: ErrorValue | undefined
  /** Asks, after taking back what is still being asked. @returns the call's result, undefined where it failed or was stopped */
  ask<R>(withTuned: boolean, call: (options: CallOptions) => Promise<R>): Promise<R | undefined>
  stop(): void
}

/** The course of a question, reactive: what has come so far, and what went wrong. */
export function createAsking(): Asking {
  let progress = $state.raw<AnswerProgress>()
  let error = $state.raw<ErrorValue>()
  let current = $state.raw<AbortController>()

  return {
    get progress() {
      return progress
    },
    get busy() {
      return current !== undefined
    },
    get error() {
      return error
    },
    ask: async (withTuned, call) => {
      current?.abort()
      const mine = new AbortController()
      current = mine
      error = undefined
      progress = asked(withTuned)
      try {
        const result = await call({
          signal: mine.signal,
          onEvent: (event) => {
            if (current === mine && progress) progress = withEvent(progress, event)
          },
        })
        return current === mine ? result : undefined
      } catch (thrown) {
        if (current === mine && !isCancelled(thrown)) error = errorOf(thrown)
        return undefined
      } finally {
        if (current === mine) current = undefined
      }
    },
    stop: () => current?.abort(),
  }
}

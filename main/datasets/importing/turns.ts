import { setImmediate } from 'node:timers/promises'

/** How long work goes on without letting anything else in, milliseconds. */
const longestTurn = 20

/** Lets other work of the thread in from time to time. */
export interface Turns {
  /** At once, or after a rest where the turn has lasted long enough. */
  rest(): Promise<void> | undefined
}

export function createTurns(): Turns {
  let start = performance.now()
  return {
    rest: () => {
      if (performance.now() - start < longestTurn) return undefined
      return setImmediate().then(() => {
        start = performance.now()
      })
    },
  }
}

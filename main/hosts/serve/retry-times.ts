/** When a client that was refused may ask again, from how fast answers have come of late. */
export interface RetryTimes {
  /** Notes that a request was answered that came at `began` (`performance.now()`). */
  answered(began: number): void
  /** Seconds until about half of what waits is answered; from 1 to 60. */
  secondsFor(waiting: number): number
}

export function retryTimes(): RetryTimes {
  let last: number | null = null
  let mean = 500
  return {
    answered(began) {
      const now = performance.now()
      // Answers come one after another: the time of one is that since the last, or since it came.
      const took = Math.min(now - began, last === null ? Infinity : now - last)
      last = now
      mean += (took - mean) / 8
    },
    secondsFor: (waiting) => Math.min(60, Math.max(1, Math.ceil((waiting * mean) / 2_000))),
  }
}

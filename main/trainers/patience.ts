const longestTickMs = 1_000

/**
 * Calls `onEnd` after so many milliseconds in which this process ran. The time in which it was stopped, or the machine
 * slept, does not count: whoever is waited for slept, too.
 *
 * @returns a function that ends the wait
 */
export function waitAwake(ms: number, onEnd: () => void): () => void {
  const tickMs = Math.min(ms / 10, longestTickMs)
  let left = ms
  let last = performance.now()
  let timer = setTimeout(tick, tickMs)
  function tick(): void {
    const now = performance.now()
    // A tick that comes late is one after a sleep, or one of a machine with too much to do, which is no less patient.
    left -= Math.min(now - last, 1.5 * tickMs)
    last = now
    if (left <= 0) onEnd()
    else timer = setTimeout(tick, Math.min(left, tickMs))
  }
  return () => clearTimeout(timer)
}

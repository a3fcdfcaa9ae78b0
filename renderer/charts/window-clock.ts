import type { RedrawClock } from './redraw-schedule.ts'

/** The window's own clock. */
export const windowClock: RedrawClock = {
  now: () => performance.now(),
  onFrame(callback) {
    const id = requestAnimationFrame(callback)
    return () => cancelAnimationFrame(id)
  },
  after(milliseconds, callback) {
    const id = setTimeout(callback, milliseconds)
    return () => clearTimeout(id)
  },
}

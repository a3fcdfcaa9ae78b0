/** What the schedule takes from the window, so that tests can run its clock. */
export interface RedrawClock {
  now(): number
  /** Calls once before the next paint. @returns a function that takes it back */
  onFrame(callback: () => void): () => void
  after(milliseconds: number, callback: () => void): () => void
}

/** The quickest redraw of a live chart: four a second. */
export const quickestRedrawMs = 250
const beatMs = quickestRedrawMs

export interface RedrawSchedule {
  /** Asks for a redraw; many asks before it become one. */
  ask(): void
  /** Nothing is drawn while hidden; what was asked for then is drawn when shown again. */
  setVisible(visible: boolean): void
  dispose(): void
}

/**
 * Draws before a paint, at most every `minInterval()` milliseconds, and only while visible. A frame is asked for
 * only when something is to be drawn, so an idle chart costs nothing; and all schedules share the same beat, so that
 * what is drawn at once is painted in one frame.
 */
export function createRedrawSchedule(
  draw: () => void,
  minInterval: () => number,
  clock: RedrawClock,
): RedrawSchedule {
  let wanted = false
  let visible = true
  let last = -Infinity
  let cancel: (() => void) | null = null

  const plan = (): void => {
    if (!wanted || !visible || cancel) return
    const wait = Math.ceil((last + minInterval()) / beatMs) * beatMs - clock.now()
    cancel = wait > 0 ? clock.after(wait, frame) : clock.onFrame(run)
  }
  const frame = (): void => {
    cancel = clock.onFrame(run)
  }
  const run = (): void => {
    cancel = null
    wanted = false
    const now = clock.now()
    last = now - (now % beatMs)
    draw()
  }
  const stop = (): void => {
    cancel?.()
    cancel = null
  }

  return {
    ask() {
      wanted = true
      plan()
    },
    setVisible(next) {
      visible = next
      if (visible) plan()
      else stop()
    },
    dispose() {
      wanted = false
      stop()
    },
  }
}

/** The slowest, when what came since does not fill a pixel. */
export const slowestRedrawMs = 2000

/**
 * Milliseconds to leave between redraws: once a run is so long that a step is a small part of a pixel, drawing four
 * times a second shows nothing that once does not.
 *
 * @param stepsPerSecond how fast the run goes
 * @param stepsPerPixel how many steps share one column of pixels
 */
export function redrawInterval(stepsPerSecond: number, stepsPerPixel: number): number {
  if (!(stepsPerSecond > 0)) return quickestRedrawMs
  const pixel = (1000 * stepsPerPixel) / stepsPerSecond
  return Math.min(Math.max(pixel, quickestRedrawMs), slowestRedrawMs)
}

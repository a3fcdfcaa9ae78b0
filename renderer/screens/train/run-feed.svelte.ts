import type { ErrorValue } from '../../../main/contract/errors.ts'
import type {
  LogLine,
  RunDetail,
  RunPhase,
  RunProgress,
  ValidationPoint,
} from '../../../main/contract/runs.ts'
import { createRedrawSchedule, quickestRedrawMs } from '../../charts/redraw-schedule.ts'
import { windowClock } from '../../charts/window-clock.ts'
import { host } from '../../connect.ts'
import { errorOf } from '../../state/errors.ts'
import { applyUpdate, createRunCourse } from './run-course.ts'
import type { RunCourse } from './run-course.ts'

/** A run as it goes, taken in at once and shown at most four times a second. */
export interface RunFeed {
  readonly run: RunDetail | null
  readonly progress: RunProgress | null
  readonly lastPhase: RunPhase
  readonly validations: readonly ValidationPoint[]
  readonly log: readonly LogLine[]
  readonly error: ErrorValue | null
  /** The points, not reactive; `version` grows when there are new ones to show. */
  readonly course: RunCourse
  readonly version: number
  /** Puts in what a call has just returned. */
  setRun(run: RunDetail): void
  /** Watches anew after an error. */
  retry(): void
}

/** Points that the host sends of what was before; the window thins them further. */
const snapshotPoints = 2000
/** Steps from which a run counts as long. */
const longRun = 5000

/** Watches a run for as long as the component lives that makes this. */
export function watchRun(runId: () => string): RunFeed {
  let course = createRunCourse()
  let run = $state.raw<RunDetail | null>(null)
  let progress = $state.raw<RunProgress | null>(null)
  let lastPhase = $state<RunPhase>('queued')
  let validations = $state.raw<readonly ValidationPoint[]>([])
  let log = $state.raw<readonly LogLine[]>([])
  let error = $state.raw<ErrorValue | null>(null)
  let version = $state(0)
  let shownRecorded = 0
  let attempt = $state(0)

  const show = (): void => {
    run = course.run
    progress = course.progress
    lastPhase = course.lastPhase
    log = course.log
    if (course.series.recorded !== shownRecorded || course.validations !== validations) version += 1
    shownRecorded = course.series.recorded
    validations = course.validations
  }

  // In a long run a step more is no news: half as often is enough.
  const showInterval = (): number => quickestRedrawMs * (course.series.recorded > longRun ? 2 : 1)

  $effect(() => {
    void attempt
    const id = runId()
    const cancel = new AbortController()
    const schedule = createRedrawSchedule(show, showInterval, windowClock)
    course = createRunCourse()
    error = null
    schedule.ask()
    host
      .call(
        'runs.watch',
        { runId: id, maxPoints: snapshotPoints },
        {
          onEvent: (update) => {
            applyUpdate(course, update)
            schedule.ask()
          },
          signal: cancel.signal,
          retry: true,
        },
      )
      .catch((thrown: unknown) => {
        if (!cancel.signal.aborted) error = errorOf(thrown)
      })
    return () => {
      cancel.abort()
      schedule.dispose()
    }
  })

  return {
    get run() {
      return run
    },
    get progress() {
      return progress
    },
    get lastPhase() {
      return lastPhase
    },
    get validations() {
      return validations
    },
    get log() {
      return log
    },
    get error() {
      return error
    },
    get course() {
      return course
    },
    get version() {
      return version
    },
    setRun(next) {
      course.run = next
      run = next
    },
    retry() {
      attempt += 1
    },
  }
}

import type { Estimate, Readiness } from '../../../main/contract/runs.ts'
import type { ErrorValue } from '../../../main/contract/errors.ts'
import { host } from '../../connect.ts'
import { activeRun } from '../../state/active-run.svelte.ts'
import { errorOf } from '../../state/errors.ts'
import { project } from '../../state/project.svelte.ts'
import type { SettingValues } from './setting-form.ts'

export interface TimeEstimate {
  readonly measuring: { readonly done: number; readonly total: number } | null
  readonly error: ErrorValue | null
  measure(): void
  cancel(): void
}

export interface TimeEstimateOptions {
  readonly settings: () => SettingValues
  /** Undefined while it is being asked for. */
  readonly readiness: () => Readiness | undefined
  readonly onmeasured: (estimate: Estimate) => void
}

/** How long the settings must have been left alone before they are measured unasked. */
const stillMs = 2000

/**
 * Measures how long the run would take: when asked, and by itself where that takes little and disturbs nothing (the
 * run fits in memory and no other is at work). A change of what would be measured ends the measuring.
 */
export function createTimeEstimate({ settings, readiness, onmeasured }: TimeEstimateOptions): TimeEstimate {
  let measuring = $state.raw<{ done: number; total: number } | null>(null)
  let error = $state.raw<ErrorValue | null>(null)
  let cancelled: AbortController | undefined
  // What the person stopped, or what failed, is not tried again unasked.
  let refused: SettingValues | undefined

  const cancel = (): void => {
    cancelled?.abort()
    cancelled = undefined
    measuring = null
  }

  const measure = async (given: SettingValues): Promise<void> => {
    cancel()
    const mine = new AbortController()
    cancelled = mine
    measuring = { done: 0, total: 0 }
    error = null
    const modelId = project.detail?.modelId ?? null
    try {
      const estimate = await host.call(
        'runs.estimate',
        { projectId: project.id, modelId, settings: given },
        {
          signal: mine.signal,
          onEvent: ({ done, total }) => {
            if (cancelled === mine) measuring = { done, total }
          },
        },
      )
      if (!mine.signal.aborted) onmeasured(estimate)
    } catch (thrown) {
      if (mine.signal.aborted) return
      refused = given
      error = errorOf(thrown)
    } finally {
      if (cancelled === mine) cancel()
    }
  }

  $effect(() => {
    void settings()
    void project.detail?.modelId
    error = null
    return cancel
  })

  $effect(() => {
    const given = settings()
    const state = readiness()
    if (!state?.ready || state.time || state.memory.verdict !== 'fits' || activeRun.run || refused === given)
      return
    const timer = setTimeout(() => {
      if (!cancelled) void measure(given)
    }, stillMs)
    return () => clearTimeout(timer)
  })

  return {
    get measuring() {
      return measuring
    },
    get error() {
      return error
    },
    measure: () => void measure(settings()),
    cancel() {
      refused = settings()
      cancel()
    },
  }
}

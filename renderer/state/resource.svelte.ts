import { untrack } from 'svelte'
import type { ErrorValue } from '../../main/contract/errors.ts'
import { onChange } from './changes.ts'
import type { Topic } from './changes.ts'
import { errorOf } from './errors.ts'

export interface Resource<T> {
  /** The last value, kept while a newer one is loaded. */
  readonly value: T | undefined
  readonly error: ErrorValue | undefined
  readonly loading: boolean
  refresh(): void
  /** Puts in what a call has just returned. */
  set(value: T): void
}

export interface ResourceOptions {
  /** Changes after which it is asked for again. */
  readonly topics?: readonly Topic[]
  /** Only changes of this project, or of none in particular. */
  readonly projectId?: () => string | null
}

/**
 * Something that is asked of the host, and asked again when what `load` reads (synchronously) changes, when a
 * change of one of the topics is told, and when a lost connection is back. To be called while a component is made.
 *
 * ```ts
 * const sources = resource((signal) => host.call('data.sources', { projectId }, { signal }), { topics: ['data'] })
 * ```
 */
export function resource<T>(
  load: (signal: AbortSignal) => Promise<T>,
  options: ResourceOptions = {},
): Resource<T> {
  let value = $state.raw<T>()
  let error = $state.raw<ErrorValue>()
  let loading = $state(true)
  let asked = $state(0)
  let queued: ReturnType<typeof setTimeout> | undefined
  let stale = false

  const settled = (): void => {
    loading = false
    if (!stale) return
    stale = false
    later()
  }

  $effect(() => {
    void asked
    const cancel = new AbortController()
    untrack(() => (loading = true))
    load(cancel.signal).then(
      (loaded) => {
        if (cancel.signal.aborted) return
        value = loaded
        error = undefined
        settled()
      },
      (thrown: unknown) => {
        if (cancel.signal.aborted) return
        error = errorOf(thrown)
        settled()
      },
    )
    return () => cancel.abort()
  })

  // Changes come in bursts while something is imported or trained: one question answers them all, and a question
  // that is under way is let finish.
  function later(): void {
    queued ??= setTimeout(() => {
      queued = undefined
      if (loading) stale = true
      else asked += 1
    }, 120)
  }

  $effect(() => {
    const end = onChange((change) => {
      if (change === 'reconnected') return later()
      if (!options.topics?.includes(change.topic)) return
      const projectId = options.projectId?.() ?? null
      if (projectId === null || change.projectId === null || change.projectId === projectId) later()
    })
    return () => {
      end()
      clearTimeout(queued)
      queued = undefined
    }
  })

  return {
    get value() {
      return value
    },
    get error() {
      return error
    },
    get loading() {
      return loading
    },
    refresh: () => {
      asked += 1
    },
    set: (next) => {
      value = next
      error = undefined
    },
  }
}

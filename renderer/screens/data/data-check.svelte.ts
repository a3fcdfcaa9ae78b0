import { host } from '../../connect.ts'
import { resource } from '../../state/resource.svelte.ts'
import type { ErrorValue } from '../../../main/contract/errors.ts'

/** What the looking across rows does or has found. */
export interface DataCheck {
  /** Undefined before the first result. */
  readonly found: number | undefined
  readonly running: boolean
  readonly progress: { readonly done: number; readonly total: number } | null
  readonly error: ErrorValue | undefined
  retry(): void
}

/** Waits for the check of a project's data, after every change anew. Called while a component is made. */
export function dataCheck(projectId: string): DataCheck {
  let progress = $state.raw<DataCheck['progress']>(null)
  const check = resource(
    async (signal) => {
      try {
        return await host.call(
          'data.check',
          { projectId },
          { signal, onEvent: (event) => (progress = event) },
        )
      } finally {
        if (!signal.aborted) progress = null
      }
    },
    { topics: ['data', 'projects'], projectId: () => projectId },
  )
  return {
    get found() {
      return check.value?.found
    },
    get running() {
      return check.loading
    },
    get progress() {
      return progress
    },
    get error() {
      return check.error
    },
    retry: check.refresh,
  }
}

import { SvelteMap } from 'svelte/reactivity'
import type { ExportInfo, ExportKind } from '../../../main/contract/comparisons.ts'
import type { ErrorValue } from '../../../main/contract/errors.ts'
import { host } from '../../connect.ts'
import { errorOf, isCancelled } from '../../state/errors.ts'

/** An export at work, or what stopped it. */
export interface ExportJob {
  readonly phase: string
  /** 0 to 1; null where it is not known. */
  readonly share: number | null
  /** Undefined while it is at work. */
  readonly error: ErrorValue | undefined
  cancel(): void
}

// Kept outside the screen: an export goes on, and is there on return, when another step is looked at.
const jobs = new SvelteMap<string, ExportJob>()

const keyOf = (runId: string, kind: ExportKind): string => `${runId} ${kind}`

export function exportJob(runId: string, kind: ExportKind): ExportJob | undefined {
  return jobs.get(keyOf(runId, kind))
}

/**
 * Exports a run, into the usual folder where none is given.
 *
 * @returns what was written; undefined where it failed, which the job tells, or was cancelled
 */
export async function startExport(
  runId: string,
  kind: ExportKind,
  folder: string | null,
): Promise<ExportInfo | undefined> {
  const key = keyOf(runId, kind)
  const cancelling = new AbortController()
  const cancel = (): void => cancelling.abort()
  jobs.set(key, { phase: 'preparing', share: null, error: undefined, cancel })
  try {
    const made = await host.call(
      'exports.create',
      { runId, kind, folder },
      {
        signal: cancelling.signal,
        onEvent: ({ phase, done, total }) =>
          jobs.set(key, { phase, share: total > 0 ? done / total : null, error: undefined, cancel }),
      },
    )
    jobs.delete(key)
    return made
  } catch (thrown) {
    if (isCancelled(thrown)) jobs.delete(key)
    else jobs.set(key, { phase: '', share: null, error: errorOf(thrown), cancel })
    return undefined
  }
}

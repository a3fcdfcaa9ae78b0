import { SvelteMap } from 'svelte/reactivity'
import type { DraftProgress, DraftRequest, DraftResult } from '../../../main/contract/drafts.ts'
import type { ErrorValue } from '../../../main/contract/errors.ts'
import { host } from '../../connect.ts'
import { t } from '../../messages/translate.ts'
import { errorOf } from '../../state/errors.ts'
import { announce, toast } from '../../state/toasts.svelte.ts'

/** A model that drafts questions for a project, or how it ended. */
export interface DraftJob {
  readonly running: boolean
  readonly stopping: boolean
  /** Null until the model is loaded. */
  readonly progress: DraftProgress | null
  readonly result: DraftResult | null
  readonly error: ErrorValue | null
}

const jobs = new SvelteMap<string, DraftJob>()
const cancels = new Map<string, AbortController>()

/** The project's drafting; it goes on while other screens are shown. */
export function draftJob(projectId: string): DraftJob | undefined {
  return jobs.get(projectId)
}

export function startDrafting(request: DraftRequest): void {
  const { projectId } = request
  if (jobs.get(projectId)?.running) return
  const cancel = new AbortController()
  cancels.set(projectId, cancel)
  jobs.set(projectId, { running: true, stopping: false, progress: null, result: null, error: null })
  void draft(request, cancel.signal).finally(() => cancels.delete(projectId))
}

/** Ends the drafting; what is there stays. */
export function stopDrafting(projectId: string): void {
  change(projectId, { stopping: true })
  cancels.get(projectId)?.abort()
}

/** Forgets how a drafting ended. */
export function dismissDrafting(projectId: string): void {
  if (!jobs.get(projectId)?.running) jobs.delete(projectId)
}

async function draft(request: DraftRequest, signal: AbortSignal): Promise<void> {
  const { projectId } = request
  try {
    const onEvent = (progress: DraftProgress): void => change(projectId, { progress })
    const result = await host.call('data.draft', request, { onEvent, signal })
    change(projectId, { running: false, result })
    announce(t('drafts.result', result.kept, result.written, result.passages, result.seconds))
  } catch (thrown) {
    const error = errorOf(thrown)
    if (error.code !== 'cancelled') return change(projectId, { running: false, stopping: false, error })
    toast(t('drafts.stopped', jobs.get(projectId)?.progress?.kept ?? 0))
    jobs.delete(projectId)
  }
}

function change(projectId: string, part: Partial<DraftJob>): void {
  const job = jobs.get(projectId)
  if (job) jobs.set(projectId, { ...job, ...part })
}

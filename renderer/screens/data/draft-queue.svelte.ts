import { untrack } from 'svelte'
import type { Draft, DraftCounts, DraftState, DraftVerdict } from '../../../main/contract/drafts.ts'
import type { ErrorValue } from '../../../main/contract/errors.ts'
import { host } from '../../connect.ts'
import { t } from '../../messages/translate.ts'
import { onChange } from '../../state/changes.ts'
import { errorOf } from '../../state/errors.ts'
import { announce, showError, toast } from '../../state/toasts.svelte.ts'
import type { Span } from '../../text/code-points.ts'
import { moved, noDrafts, reloaded, withBack, without } from './draft-list.ts'

/** What was changed in a draft before it is kept. */
export interface DraftEdit {
  readonly question: string
  readonly span: Span
}

const pageSize = 200

/** The drafts of a project, one at a time, and what is decided on them. Called while a component is made. */
export function draftQueue(projectId: string) {
  let state = $state<DraftState>('waiting')
  let list = $state.raw(noDrafts)
  let loaded = $state(false)
  let error = $state.raw<ErrorValue>()
  let busy = $state(false)
  let generation = 0
  let decided = $state.raw<readonly { readonly draft: Draft; readonly to: DraftState }[]>([])

  /** Asks for as many drafts as are there, at least a page, or for the page behind them. */
  async function load(more = false): Promise<void> {
    const mine = ++generation
    try {
      const offset = more ? list.drafts.length : 0
      const page = await host.call('data.drafts', { projectId, state, offset, limit: pageSize })
      if (mine !== generation) return
      const rows = more ? [...list.drafts, ...page.rows] : page.rows
      list = reloaded(list, rows, page.counts)
      loaded = true
      error = undefined
    } catch (thrown) {
      if (mine === generation) error = errorOf(thrown)
    }
  }

  // The first page of every state; the next one before the last draft is reached.
  $effect(() => {
    void state
    untrack(() => {
      list = { ...noDrafts, counts: list.counts }
      loaded = false
      void load()
    })
  })

  let queued: ReturnType<typeof setTimeout> | undefined
  $effect(() => {
    const end = onChange((change) => {
      if (change !== 'reconnected' && (change.topic !== 'data' || change.projectId !== projectId)) return
      // What this window decided is in the list already; behind the first page nothing is asked for anew.
      // The first ones are shown at once.
      const delayMs = list.drafts.length === 0 ? 0 : 250
      queued ??= setTimeout(() => {
        queued = undefined
        if (!busy && list.drafts.length <= pageSize && list.at < pageSize - 1) void load()
      }, delayMs)
    })
    return () => {
      end()
      clearTimeout(queued)
      queued = undefined
    }
  })

  function go(by: number): void {
    list = moved(list, by)
    if (list.at >= list.drafts.length - 2 && list.drafts.length < list.counts[state]) void load(true)
  }

  async function decide(verdict: DraftVerdict, edit: DraftEdit | null = null): Promise<boolean> {
    const draft = list.drafts[list.at]
    if (!draft || busy) return false
    const after = await send(draft, verdict, edit)
    if (!after) return false
    decided = [...decided, { draft, to: after.state }]
    list = without(list, draft.id, after.state)
    go(0)
    announce(said(verdict))
    return true
  }

  /** Takes the last decision back and shows that draft again. */
  async function undo(): Promise<void> {
    const last = decided.at(-1)
    if (!last || busy) return
    const verdict = verdictFor(last.draft.state)
    const after = await send(last.draft, verdict, null)
    if (!after) return
    decided = decided.slice(0, -1)
    if (state === after.state) list = withBack(list, after, last.to)
    else state = after.state
    announce(said(verdict))
  }

  async function send(draft: Draft, verdict: DraftVerdict, edit: DraftEdit | null): Promise<Draft | null> {
    busy = true
    generation += 1
    try {
      const span = edit && { start: edit.span.start, end: edit.span.end }
      const question = edit?.question ?? null
      return await host.call('data.reviewDraft', { projectId, id: draft.id, verdict, question, span })
    } catch (thrown) {
      showError(thrown)
      void load()
      return null
    } finally {
      busy = false
    }
  }

  async function decideAll(verdict: 'keep' | 'drop'): Promise<void> {
    const { changed } = await host.call('data.reviewAllDrafts', { projectId, verdict })
    toast(verdict === 'keep' ? t('drafts.keptAll', changed) : t('drafts.droppedAll', changed))
    decided = []
    await load()
  }

  return {
    get state() {
      return state
    },
    set state(next: DraftState) {
      state = next
    },
    get loaded() {
      return loaded
    },
    get error() {
      return error
    },
    get busy() {
      return busy
    },
    /** Whether a decision was made here that can be taken back. */
    get undoable() {
      return decided.length > 0
    },
    get counts(): DraftCounts {
      return list.counts
    },
    get draft(): Draft | undefined {
      return list.drafts[list.at]
    },
    /** The place of the draft that is shown, from 1. */
    get number() {
      return list.at + 1
    },
    go,
    decide,
    undo,
    decideAll,
    refresh: () => void load(),
  }
}

function said(verdict: DraftVerdict): string {
  if (verdict === 'keep') return t('drafts.kept')
  return verdict === 'drop' ? t('drafts.dropped') : t('drafts.putBack')
}

function verdictFor(state: DraftState): DraftVerdict {
  if (state === 'kept') return 'keep'
  return state === 'dropped' ? 'drop' : 'back'
}

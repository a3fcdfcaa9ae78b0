import type { ProblemGroup } from '../../../main/contract/datasets.ts'
import { host } from '../../connect.ts'
import { t } from '../../messages/translate.ts'
import { showError, toast } from '../../state/toasts.svelte.ts'
import { inverseOf } from './mend-request.ts'
import type { MendRequest } from './mend-request.ts'

/** Rows that are asked for at a time, and the most rows whose mends are remembered one by one. */
const pageSize = 500
const mostRemembered = 20_000

/** Makes and takes back mends, and says so with a way back. */
export function mending(projectId: string, { onchanged }: { onchanged: () => void }) {
  let busy = $state(false)

  /** The rows that a request of a whole kind or of all will touch; null where they are too many. */
  async function rowsOf(
    { kind, undo }: MendRequest,
    groups: readonly ProblemGroup[],
  ): Promise<number[] | null> {
    const ids: number[] = []
    for (const group of groups) {
      if (kind !== null && group.kind !== kind) continue
      const show = undo ? 'mended' : 'open'
      for (let offset = 0; ; offset += pageSize) {
        const args = { projectId, kind: group.kind, offset, limit: pageSize, show } as const
        const page = await host.call('data.problemRows', args)
        for (const row of page.rows) if (undo ? row.undoable : row.proposal) ids.push(row.id)
        if (ids.length > mostRemembered || offset > mostRemembered) return null
        if (page.rows.length < pageSize) break
      }
    }
    return ids
  }

  async function send(request: MendRequest, groups: readonly ProblemGroup[]): Promise<void> {
    busy = true
    try {
      const rows = inverseOf(request, groups, null) ? null : await rowsOf(request, groups)
      const back = inverseOf(request, groups, rows)
      const { changed } = await host.call('data.mend', { projectId, ...request })
      say(request, changed, back)
    } catch (thrown) {
      showError(thrown)
    } finally {
      busy = false
      onchanged()
    }
  }

  function say({ undo }: MendRequest, changed: number, back: MendRequest | null): void {
    if (changed === 0) return toast(t('problems.nothingChanged'))
    const action = back && {
      label: undo ? t('problems.mendAgain') : t('common.undo'),
      run: () => void send(back, []),
    }
    const text = undo ? t('problems.undone', changed) : t('problems.changed', changed)
    toast(text, { kind: undo ? 'info' : 'good', ...(action ? { action } : {}) })
  }

  return {
    get busy() {
      return busy
    },
    /** @param groups as they are before it, to know what the way back must leave alone */
    send,
  }
}

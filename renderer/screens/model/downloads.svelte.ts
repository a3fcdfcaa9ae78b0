import type { CatalogueEntry, DownloadState } from '../../../main/contract/models.ts'
import { host } from '../../connect.ts'
import { t } from '../../messages/translate.ts'
import { showError, toast } from '../../state/toasts.svelte.ts'

export interface Downloads {
  /** The state of an entry's download; null where there is none. */
  of(entry: CatalogueEntry): DownloadState | null
  start(entry: CatalogueEntry): Promise<void>
  pause(entry: CatalogueEntry): Promise<void>
  discard(entry: CatalogueEntry): Promise<void>
}

/**
 * The downloads as they go, for as long as the component lives that makes this.
 *
 * @param onend called when a download is done or gone, after which the lists say something else
 */
export function watchDownloads(nameOf: (catalogueId: string) => string, onend: () => void): Downloads {
  // What was streamed is newer than what the catalogue says; null was discarded.
  let states = $state.raw<Readonly<Record<string, DownloadState | null>>>({})

  const put = (catalogueId: string, state: DownloadState | null): void => {
    const before = states[catalogueId]
    states = { ...states, [catalogueId]: state }
    if (state?.status !== 'done' || before == null || before.status === 'done') return
    toast(t('model.downloaded', nameOf(catalogueId)), { kind: 'good' })
    onend()
  }

  $effect(() => {
    const cancel = new AbortController()
    host
      .call(
        'models.watchDownloads',
        {},
        { onEvent: (state) => put(state.catalogueId, state), signal: cancel.signal, retry: true },
      )
      .catch((thrown: unknown) => {
        if (!cancel.signal.aborted) showError(thrown)
      })
    return () => cancel.abort()
  })

  const attempt = async (act: () => Promise<void>): Promise<void> => {
    try {
      await act()
    } catch (thrown) {
      showError(thrown)
    }
  }

  return {
    of: (entry) => {
      const state = entry.id in states ? (states[entry.id] ?? null) : entry.download
      return state?.status === 'done' ? null : state
    },
    start: ({ id }) => attempt(async () => put(id, await host.call('models.download', { catalogueId: id }))),
    pause: ({ id }) =>
      attempt(async () => put(id, await host.call('models.pauseDownload', { catalogueId: id }))),
    discard: async ({ id }) => {
      await host.call('models.discardDownload', { catalogueId: id })
      put(id, null)
      onend()
    },
  }
}

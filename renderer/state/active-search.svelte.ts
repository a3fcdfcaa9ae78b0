import type { SearchInfo } from '../../main/contract/searches.ts'
import { host } from '../connect.ts'
import { onChange } from './changes.ts'

let search = $state.raw<SearchInfo>()
let queued: ReturnType<typeof setTimeout> | undefined

/** The search at work, of whichever project; reactive. */
export const activeSearch = {
  get search(): SearchInfo | undefined {
    return search
  },
}

async function load(): Promise<void> {
  try {
    const all = await host.call('search.list', { projectId: null })
    search = all.find(({ status }) => status === 'running' || status === 'stopping')
  } catch {
    // The next change asks again; the lost connection has its own banner.
  }
}

void load()
onChange((change) => {
  if (change !== 'reconnected' && change.topic !== 'searches' && change.topic !== 'projects') return
  queued ??= setTimeout(() => {
    queued = undefined
    void load()
  }, 150)
})

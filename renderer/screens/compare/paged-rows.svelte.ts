import { untrack } from 'svelte'
import { SvelteMap } from 'svelte/reactivity'
import type { Page } from '../../../main/contract/datasets.ts'
import type { ErrorValue } from '../../../main/contract/errors.ts'
import { onChange } from '../../state/changes.ts'
import { errorOf, isCancelled } from '../../state/errors.ts'

export interface PagedRows<Row> {
  /** Undefined before the first page is there. */
  readonly total: number | undefined
  readonly error: ErrorValue | undefined
  /** True while the rows of a new query are not there yet and those of the old one are shown. */
  readonly stale: boolean
  /** The row at a place; undefined while its page is on its way. */
  at(index: number): Row | undefined
  refresh(): void
}

export const pageSize = 100

/**
 * The rows of a long list, loaded page by page as they are looked at. `query` gives the loader for what is asked
 * now; when what it reads changes, the list begins anew. To be called while a component is made.
 */
export function pagedRows<Row>(
  query: () => (offset: number, limit: number, signal: AbortSignal) => Promise<Page<Row>>,
): PagedRows<Row> {
  const pages = new SvelteMap<number, readonly Row[]>()
  let total = $state<number>()
  let error = $state.raw<ErrorValue>()
  let stale = $state(true)
  let asked = $state(0)
  let load: (page: number) => void = () => undefined

  $effect(() => {
    void asked
    const loader = query()
    const cancel = new AbortController()
    const wanted = new Set<number>()
    let first = true
    load = (page) => {
      if (wanted.has(page)) return
      wanted.add(page)
      loader(page * pageSize, pageSize, cancel.signal).then(
        (loaded) => {
          if (cancel.signal.aborted) return
          if (first) pages.clear()
          first = false
          pages.set(page, loaded.rows)
          total = loaded.total
          error = undefined
          stale = false
        },
        (thrown: unknown) => {
          wanted.delete(page)
          if (cancel.signal.aborted || isCancelled(thrown)) return
          error = errorOf(thrown)
          stale = false
        },
      )
    }
    untrack(() => (stale = true))
    load(0)
    return () => cancel.abort()
  })

  $effect(() =>
    onChange((change) => {
      if (change === 'reconnected') asked += 1
    }),
  )

  return {
    get total() {
      return total
    },
    get error() {
      return error
    },
    get stale() {
      return stale
    },
    at: (index) => {
      const page = pages.get(Math.floor(index / pageSize))
      if (!page && !untrack(() => stale)) load(Math.floor(index / pageSize))
      return page?.[index % pageSize]
    },
    refresh: () => {
      asked += 1
    },
  }
}

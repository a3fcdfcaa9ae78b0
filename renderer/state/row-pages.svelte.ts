import { untrack } from 'svelte'
import type { Page } from '../../main/contract/datasets.ts'
import type { ErrorValue } from '../../main/contract/errors.ts'
import { errorOf } from './errors.ts'

export interface RowPages<Row> {
  /** Undefined until the first page is there. */
  readonly total: number | undefined
  readonly error: ErrorValue | undefined
  /** The row at a place; undefined while its page is on its way. */
  at(index: number): Row | undefined
  /** Asks for the pages of a stretch of rows that are not there yet. */
  want(from: number, to: number): void
  /** Asks for everything anew, keeping what is shown until the answer is there. */
  refresh(): void
}

const pageSize = 100

/**
 * Pages of a long list, loaded as they come into sight. `load` is asked anew, from the first page, when what
 * `query` reads changes.
 */
export function rowPages<Query, Row>(
  query: () => Query,
  load: (query: Query, offset: number, limit: number) => Promise<Page<Row>>,
): RowPages<Row> {
  let pages = $state.raw<ReadonlyMap<number, readonly Row[]>>(new Map())
  let total = $state.raw<number>()
  let error = $state.raw<ErrorValue>()
  let stale: ReadonlySet<number> = new Set()
  let asked = new Set<number>()
  let seen = { first: 0, last: 0 }
  let generation = 0

  async function ask(page: number): Promise<void> {
    if (asked.has(page)) return
    asked.add(page)
    const mine = generation
    try {
      const loaded = await load(untrack(query), page * pageSize, pageSize)
      if (mine !== generation) return
      stale = new Set([...stale].filter((one) => one !== page))
      pages = new Map(pages).set(page, loaded.rows)
      total = loaded.total
      error = undefined
    } catch (thrown) {
      if (mine !== generation) return
      asked.delete(page)
      error = errorOf(thrown)
    }
  }

  function restart(): void {
    generation += 1
    asked = new Set()
    for (let page = seen.first; page <= seen.last; page += 1) void ask(page)
  }

  $effect(() => {
    void query()
    untrack(() => {
      pages = new Map()
      total = undefined
      seen = { first: 0, last: 0 }
      restart()
    })
  })

  return {
    get total() {
      return total
    },
    get error() {
      return error
    },
    at: (index) => pages.get(Math.floor(index / pageSize))?.[index % pageSize],
    want: (from, to) => {
      seen = { first: Math.floor(from / pageSize), last: Math.floor(Math.max(from, to - 1) / pageSize) }
      for (let page = seen.first; page <= seen.last; page += 1)
        if (!pages.has(page) || stale.has(page)) void ask(page)
    },
    refresh: () => {
      stale = new Set(pages.keys())
      restart()
    },
  }
}

import type { Draft, DraftCounts, DraftState } from '../../../main/contract/drafts.ts'

/** Drafts of one state as far as they are loaded, and the one that is shown. */
export interface DraftList {
  readonly drafts: readonly Draft[]
  readonly at: number
  readonly counts: DraftCounts
}

export const noDrafts: DraftList = { drafts: [], at: 0, counts: { waiting: 0, kept: 0, dropped: 0 } }

/** The list with another one shown; its ends hold. */
export function moved(list: DraftList, by: number): DraftList {
  return { ...list, at: Math.min(Math.max(list.at + by, 0), Math.max(0, list.drafts.length - 1)) }
}

/** The list without a draft that has another state now; the next one takes its place. */
export function without(list: DraftList, id: number, to: DraftState): DraftList {
  const gone = list.drafts.findIndex((draft) => draft.id === id)
  const from = list.drafts[gone]?.state
  if (from === undefined) return list
  const drafts = list.drafts.filter((draft) => draft.id !== id)
  const at = gone < list.at ? list.at - 1 : list.at
  return moved({ drafts, at, counts: counted(list.counts, from, to) }, 0)
}

/** The list with a draft that came back from another state, shown, where it stood: drafts stand in the order of their ids. */
export function withBack(list: DraftList, draft: Draft, from: DraftState): DraftList {
  const others = list.drafts.filter(({ id }) => id !== draft.id)
  const later = others.findIndex(({ id }) => id > draft.id)
  const at = later < 0 ? others.length : later
  const drafts = [...others.slice(0, at), draft, ...others.slice(at)]
  return { drafts, at, counts: counted(list.counts, from, draft.state) }
}

/** The list as the host gives it now, still showing the same draft where it is there. */
export function reloaded(list: DraftList, drafts: readonly Draft[], counts: DraftCounts): DraftList {
  const shown = list.drafts[list.at]
  const same = shown ? drafts.findIndex(({ id }) => id === shown.id) : -1
  return moved({ drafts, counts, at: same < 0 ? list.at : same }, 0)
}

function counted(counts: DraftCounts, from: DraftState, to: DraftState): DraftCounts {
  if (from === to) return counts
  return { ...counts, [from]: Math.max(0, counts[from] - 1), [to]: counts[to] + 1 }
}

import type { SearchForm, SearchRequest, SearchStrategy } from '../../../../main/contract/searches.ts'
import { axisDraft } from './search-space.ts'
import type { AxisDraft } from './search-space.ts'

/** A search as the person has it in the form; numbers as they were typed. */
export interface SearchDraft {
  /** Undefined before a suggestion was taken. */
  readonly axes: readonly AxisDraft[] | undefined
  strategy: SearchStrategy
  trials: string
  epochs: string
  seed: string
  pruning: boolean
  keepScale: boolean
  /** Takes a suggestion where nothing was taken or changed yet. */
  suggest(suggestion: SearchForm['suggestion']): void
  change(axis: AxisDraft): void
  add(axis: AxisDraft): void
  remove(name: string): void
}

export type SearchWish = Pick<
  SearchRequest,
  'strategy' | 'trials' | 'seed' | 'pruning' | 'trialEpochs' | 'keepScale'
>

export function createSearchDraft(): SearchDraft {
  let axes = $state.raw<readonly AxisDraft[]>()
  let touched = false
  let strategy = $state<SearchStrategy>('random')
  let trials = $state('')
  let epochs = $state('')
  let seed = $state('42')
  let pruning = $state(true)
  let keepScale = $state(true)
  const set = (next: readonly AxisDraft[]): void => {
    touched = true
    axes = next
  }
  return {
    get axes() {
      return axes
    },
    get strategy() {
      return strategy
    },
    set strategy(value) {
      strategy = value
    },
    get trials() {
      return trials
    },
    set trials(value) {
      trials = value
      touched = true
    },
    get epochs() {
      return epochs
    },
    set epochs(value) {
      epochs = value
      touched = true
    },
    get seed() {
      return seed
    },
    set seed(value) {
      seed = value
    },
    get pruning() {
      return pruning
    },
    set pruning(value) {
      pruning = value
    },
    get keepScale() {
      return keepScale
    },
    set keepScale(value) {
      keepScale = value
    },
    suggest: (suggestion) => {
      if (touched) return
      axes = suggestion.space.map(axisDraft)
      strategy = suggestion.strategy
      trials = String(suggestion.trials ?? '')
      epochs = String(suggestion.trialEpochs ?? '')
    },
    change: (axis) => set((axes ?? []).map((one) => (one.name === axis.name ? axis : one))),
    add: (axis) => set([...(axes ?? []), axis]),
    remove: (name) => set((axes ?? []).filter((one) => one.name !== name)),
  }
}

import { t } from '../../../messages/translate.ts'
import type { SearchDraft, SearchWish } from './search-draft.svelte.ts'

/** What the fields below the settings hold: the wish, or what is wrong by field. */
export interface WishReading {
  readonly value: SearchWish | null
  readonly errors: { readonly trials?: string; readonly epochs?: string; readonly seed?: string }
  /** The labels of the fields that are wrong. */
  readonly wrong: readonly string[]
}

type Fields = Pick<SearchDraft, 'strategy' | 'trials' | 'epochs' | 'seed' | 'pruning' | 'keepScale'>

/** Reads how a search is to be done; an empty number of trials is all of a grid. */
export function readWish(draft: Fields): WishReading {
  const { strategy, pruning, keepScale } = draft
  const [trials, epochs, seed] = [numberOf(draft.trials), numberOf(draft.epochs), numberOf(draft.seed)]
  const grid = strategy === 'grid'
  const errors = {
    ...(!grid && !(Number.isInteger(trials) && trials >= 1) ? { trials: t('train.needsWhole') } : {}),
    ...(epochs > 0 ? {} : { epochs: t('train.needsNumber') }),
    ...(Number.isSafeInteger(seed) && seed >= 0 ? {} : { seed: t('train.needsWhole') }),
  }
  const labels = { trials: t('search.trials'), epochs: t('search.epochs'), seed: t('search.seed') }
  const wrong = (['trials', 'epochs', 'seed'] as const)
    .filter((name) => name in errors)
    .map((name) => labels[name])
  if (wrong.length > 0) return { value: null, errors, wrong }
  return {
    value: { strategy, pruning, keepScale, seed, trialEpochs: epochs, trials: grid ? null : trials },
    errors,
    wrong,
  }
}

function numberOf(text: string): number {
  return text.trim() === '' ? NaN : Number(text.trim().replace(',', '.'))
}

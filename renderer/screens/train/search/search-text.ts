import type { SearchStatus, TrialStatus } from '../../../../main/contract/searches.ts'
import { t } from '../../../messages/translate.ts'
import type { StatusView } from '../run-status.ts'
import { problemText } from '../setting-text.ts'
import type { AxisProblem } from './search-space.ts'

/** A search's status in a word, and how it is coloured. */
export function searchStatusView(status: SearchStatus): StatusView {
  switch (status) {
    case 'running':
      return { text: t('search.statusRunning'), tone: 'accent' }
    case 'stopping':
      return { text: t('search.statusStopping'), tone: 'warn' }
    case 'stopped':
      return { text: t('search.statusStopped'), tone: 'warn' }
    case 'interrupted':
      return { text: t('search.statusInterrupted'), tone: 'warn' }
    case 'finished':
      return { text: t('search.statusFinished'), tone: 'good' }
    case 'failed':
      return { text: t('search.statusFailed'), tone: 'bad' }
  }
}

export function trialStatusView(status: TrialStatus): StatusView {
  switch (status) {
    case 'waiting':
      return { text: t('search.trialWaiting'), tone: 'neutral' }
    case 'running':
      return { text: t('search.trialRunning'), tone: 'accent' }
    case 'pruned':
      return { text: t('search.trialPruned'), tone: 'warn' }
    case 'finished':
      return { text: t('search.trialFinished'), tone: 'good' }
    case 'failed':
      return { text: t('search.trialFailed'), tone: 'bad' }
  }
}

/** Why a row of the form is nothing to search. */
export function axisProblemText(problem: AxisProblem): string {
  switch (problem.kind) {
    case 'no-values':
      return t('search.needsTwo')
    case 'no-range':
      return t('search.needsRange')
    case 'not-positive':
      return t('search.needsPositive')
    case 'not-a-value':
      return t('search.notAValue', problem.text, problemText(problem.problem))
  }
}

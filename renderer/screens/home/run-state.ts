import { t } from '../../messages/translate.ts'

export interface ShownState {
  readonly text: string
  readonly tone: 'accent' | 'warn' | 'bad'
}

/** What a card says of a run that is not simply finished; undefined where there is nothing to say. */
export function runState(status: string | null): ShownState | undefined {
  switch (status) {
    case 'starting':
    case 'running':
    case 'pausing':
    case 'stopping':
      return { text: t('home.runActive'), tone: 'accent' }
    case 'queued':
      return { text: t('home.runQueued'), tone: 'accent' }
    case 'paused':
      return { text: t('home.runPaused'), tone: 'warn' }
    case 'interrupted':
      return { text: t('home.runInterrupted'), tone: 'warn' }
    case 'failed':
      return { text: t('home.runFailed'), tone: 'bad' }
    default:
      return undefined
  }
}

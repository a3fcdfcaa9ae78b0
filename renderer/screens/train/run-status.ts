import type { RunInfo } from '../../../main/contract/runs.ts'
import { t } from '../../messages/translate.ts'

export interface StatusView {
  readonly text: string
  readonly tone: 'neutral' | 'accent' | 'good' | 'warn' | 'bad'
}

/** A run's status in a word, and how it is coloured. */
export function statusView({
  status,
  stopped,
  importedFrom,
}: Pick<RunInfo, 'status' | 'stopped' | 'importedFrom'>): StatusView {
  switch (status) {
    case 'queued':
      return { text: t('train.statusQueued'), tone: 'neutral' }
    case 'starting':
      return { text: t('train.statusStarting'), tone: 'accent' }
    case 'running':
      return { text: t('train.statusRunning'), tone: 'accent' }
    case 'pausing':
      return { text: t('train.statusPausing'), tone: 'warn' }
    case 'paused':
      return { text: t('train.statusPaused'), tone: 'warn' }
    case 'stopping':
      return { text: t('train.statusStopping'), tone: 'warn' }
    case 'failed':
      return { text: t('train.statusFailed'), tone: 'bad' }
    case 'interrupted':
      return { text: t('train.statusInterrupted'), tone: 'warn' }
    case 'finished':
      if (importedFrom !== undefined) return { text: t('train.statusAdded'), tone: 'neutral' }
      if (stopped === 'kept') return { text: t('train.statusKept'), tone: 'good' }
      if (stopped === 'early-stopping') return { text: t('train.statusEarly'), tone: 'good' }
      return { text: t('train.statusFinished'), tone: 'good' }
  }
}

/** Seconds that a run took, or has taken so far; null before it began. */
export function secondsTaken(
  { startedAt, endedAt }: Pick<RunInfo, 'startedAt' | 'endedAt'>,
  now: number,
): number | null {
  return startedAt === null ? null : Math.max(0, ((endedAt ?? now) - startedAt) / 1000)
}

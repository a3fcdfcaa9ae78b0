import type { App } from '../../app.ts'
import type { Session } from './command.ts'
import { Failure } from './failure.ts'
import { endSoon, onInterrupt } from './interrupts.ts'
import type { TrainingListener } from './training-feed.ts'

export interface AppUse {
  /** The home folder; null for the usual one. */
  readonly home: string | null
  /** Takes what the trainers of runs report. */
  readonly onTraining?: TrainingListener
}

/**
 * Opens the app, does the work, and closes it whatever happened. Ctrl-C aborts the signal instead of ending the
 * process, so that the app is closed then too; a second one ends the process soon.
 *
 * @throws what opening throws, and Failure `cancelled` where Ctrl-C came before the work.
 */
export async function withApp<R>(
  session: Pick<Session, 'openApp'>,
  { home, onTraining }: AppUse,
  work: (app: App, signal: AbortSignal) => Promise<R>,
): Promise<R> {
  const stopping = new AbortController()
  const release = onInterrupt(() => {
    if (stopping.signal.aborted) endSoon()
    else stopping.abort()
  })
  try {
    const app = await session.openApp(home, onTraining)
    try {
      if (stopping.signal.aborted) throw new Failure('cancelled', 'Stopped before anything had begun.')
      return await work(app, stopping.signal)
    } finally {
      await app.dispose()
    }
  } finally {
    release()
  }
}

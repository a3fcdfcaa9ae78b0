import type { ErrorReport } from '../../contract/errors.ts'
import type { Job } from '../../contract/engine.ts'
import type { Result } from '../../contract/engine-types.ts'
import { endSoon, onInterrupt } from './interrupts.ts'
import type { Output } from './output.ts'

/**
 * Waits for a job while signals steer it: Ctrl-C or SIGTERM once asks for an orderly end, a second one ends the
 * process at once. Where the reader of the output goes away, the job is stopped quietly.
 */
export async function supervise<R extends Result>(job: Job<R>, output: Output): Promise<R | ErrorReport> {
  let asked = false
  const interrupt = (): void => {
    if (asked) {
      job.kill()
      endSoon()
      return
    }
    asked = true
    output.progress.print('Stopping; what has been learnt is saved first. Ctrl-C again ends it at once.')
    job.stop()
  }
  const unread = (): void => job.stop()
  const release = onInterrupt(interrupt)
  process.stdout.on('error', unread)
  try {
    return await job.outcome
  } finally {
    release()
    process.stdout.off('error', unread)
    output.progress.clear()
  }
}

/** 0 where all went well, 130 where a person stopped it, 1 for everything else. */
export function exitCodeOf(outcome: Result | ErrorReport): number {
  if (outcome.type === 'error') return outcome.error.code === 'cancelled' ? 130 : 1
  return outcome.kind === 'train' && outcome.stopped === 'cancelled' ? 130 : 0
}

/** Runs a job whose result is one JSON line, or a text for people. Returns the exit code. */
export async function runToResult<R extends Result>(
  job: Job<R>,
  output: Output,
  show: (result: R) => string,
): Promise<number> {
  const outcome = await supervise(job, output)
  if (outcome.type === 'error') output.error(outcome.error)
  else {
    output.value(outcome)
    output.text(show(outcome))
  }
  return exitCodeOf(outcome)
}

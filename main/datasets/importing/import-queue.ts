import { AppError } from '../../contract/errors.ts'

/**
 * Runs the imports of one project one after another: two that were to write the same passage at once could not
 * each be taken back alone. Imports into different projects go on side by side.
 */
export function createImportQueue() {
  const last = new Map<string, Promise<unknown>>()
  return async <R>(projectId: string, signal: AbortSignal, work: () => Promise<R>): Promise<R> => {
    const before = last.get(projectId) ?? Promise.resolve()
    const mine = before.then(() => {
      if (signal.aborted) throw cancelled()
      return work()
    })
    const settled = mine.catch(() => undefined)
    last.set(projectId, settled)
    void settled.then(() => {
      if (last.get(projectId) === settled) last.delete(projectId)
    })
    return Promise.race([mine, abortedWhileWaiting(before, signal)])
  }
}

/** Rejects when the signal is aborted before the turn has come; otherwise never settles. */
function abortedWhileWaiting(before: Promise<unknown>, signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const onAbort = () => reject(cancelled())
    signal.addEventListener('abort', onAbort, { once: true })
    void before.then(() => signal.removeEventListener('abort', onAbort))
  })
}

function cancelled(): AppError {
  return new AppError('cancelled', 'The import was cancelled before it began.')
}

import { TrainerError } from '../errors.ts'

/** @throws TrainerError `cancelled` where the signal was aborted. */
export function throwIfCancelled(signal: AbortSignal | undefined): void {
  if (signal?.aborted)
    throw new TrainerError('cancelled', 'The generation was cancelled. Nothing was kept of it; ask again.')
}

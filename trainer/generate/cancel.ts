import { setImmediate } from 'node:timers/promises'
import { TrainerError } from '../errors.ts'

/** @throws TrainerError `cancelled` where the signal was aborted. */
export function throwIfCancelled(signal: AbortSignal | undefined): void {
  if (signal?.aborted)
    throw new TrainerError('cancelled', 'The generation was cancelled. Nothing was kept of it; ask again.')
}

/** So long may work go on without hearing whether it is still wanted. */
const breathMs = 20

/**
 * Maps items one after another, hearing messages in between, so that long work can be taken back.
 *
 * @throws TrainerError `cancelled` where the signal was aborted.
 */
export async function mapCancellably<Item, Mapped>(
  items: readonly Item[],
  signal: AbortSignal | undefined,
  map: (item: Item, index: number) => Mapped,
): Promise<Mapped[]> {
  const mapped: Mapped[] = []
  let heard = performance.now()
  for (const [index, item] of items.entries()) {
    throwIfCancelled(signal)
    mapped.push(map(item, index))
    if (performance.now() - heard < breathMs) continue
    await setImmediate()
    heard = performance.now()
  }
  return mapped
}

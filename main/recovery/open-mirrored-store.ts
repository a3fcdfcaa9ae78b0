import type { Store } from '../store/open.ts'
import { noteClosed } from './judge-store.ts'
import { startMirror as beginMirror } from './mirror.ts'
import type { Mirror, MirrorOptions } from './mirror.ts'
import { openWholeStore } from './open-whole-store.ts'
import type { OpenedStore } from './open-whole-store.ts'
import { watchDamage } from './watch-damage.ts'

/** A store that is kept a second time as files beside it. */
export interface MirroredStore extends OpenedStore {
  /** Begins to keep them; for when the app has set right what the last process left. */
  startMirror(options?: Omit<MirrorOptions, 'store'>): Promise<void>
  /** Resolves when all that was committed is in the files; for tests. */
  mirrored(): Promise<void>
  /** Writes what is left of them, within a bound, and closes the store. */
  close(): Promise<void>
}

/**
 * Opens the store of a home folder, made anew where it is damaged, gone or older than the folders beside it.
 *
 * @throws AppError `store_in_use`, `store_not_updated`, `disk_full`, `write_failed`.
 */
export async function openMirroredStore(home: string): Promise<MirroredStore> {
  const opened = await openWholeStore(home)
  const store = opened.store.readOnly === null ? watchDamage(opened.store) : opened.store
  let mirror: Mirror | null = null
  return {
    ...opened,
    store,
    startMirror: async (options = {}) => {
      // A store of a newer version is only looked at, and so are the folders beside it.
      if (store.readOnly === null) mirror = await beginMirror({ ...options, store })
    },
    mirrored: async () => mirror?.upToDate(),
    close: async () => {
      await mirror?.dispose().catch(() => undefined)
      await closeInOrder(store, mirror)
    },
  }
}

async function closeInOrder(store: Store, mirror: Mirror | null): Promise<void> {
  await store.close()
  if (mirror) await noteClosed(store.home).catch(() => undefined)
}

import { realpath, stat } from 'node:fs/promises'
import { AppError } from '../contract/errors.ts'
import { migrations as allMigrations } from '../store/migrations.ts'
import { holdStore } from '../store/lock.ts'
import { openStore } from '../store/open.ts'
import type { Store } from '../store/open.ts'
import { newestVersionIn } from '../store/store-file.ts'
import { judgeStore } from './judge-store.ts'
import { mirrorPaths } from './layout.ts'
import { rebuildStore } from './rebuild-store.ts'
import type { Rebuilt } from './rebuild-store.ts'
import { putInPlace } from './set-aside.ts'

/** An open store, and what was made anew to get it; null where the store was whole. */
export interface OpenedStore {
  readonly store: Store
  readonly rebuilt: Rebuilt | null
}

/**
 * Opens the store of a home folder as `openStore` does, but makes one anew that is damaged, gone or older than the
 * folders beside it; see `rebuildStore`.
 *
 * @throws AppError `store_in_use`, `store_newer`, `store_not_updated`, `disk_full`, `write_failed`.
 */
export async function openWholeStore(home: string): Promise<OpenedStore> {
  const rebuilt = await ensureWhole(home)
  try {
    return { store: await openStore(home), rebuilt }
  } catch (thrown) {
    if (!(thrown instanceof AppError) || thrown.code !== 'store_damaged' || rebuilt) throw thrown
    // Damage that the look before did not meet.
    const again = await ensureWhole(home, thrown)
    return { store: await openStore(home), rebuilt: again }
  }
}

async function ensureWhole(home: string, known: AppError | null = null): Promise<Rebuilt | null> {
  // A home that is not there yet is made by whoever opens the store.
  if (!(await stat(home).catch(() => null))?.isDirectory()) return null
  const { store } = mirrorPaths(home)
  const version = await newestVersionIn(store).catch(() => 0)
  // One of a newer version is read together with others, and not touched.
  if (version > allMigrations.length) return null
  const lock = await holdStore(await realpath(store).catch(() => store), home)
  try {
    await putInPlace(home)
    const verdict = known
      ? ({ kind: 'damaged', reason: 'it cannot be opened' } as const)
      : await judgeStore(home, allMigrations.length)
    return verdict.kind === 'whole' ? null : await rebuildStore(home, verdict)
  } finally {
    await lock.close()
  }
}

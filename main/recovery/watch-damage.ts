import { writeFile } from 'node:fs/promises'
import { AppError } from '../contract/errors.ts'
import type { Store } from '../store/open.ts'
import { mirrorPaths } from './layout.ts'

/**
 * A store that leaves a mark beside itself when SQLite meets damage in it: the next start then looks through all of
 * it, and makes it anew where it must.
 */
export function watchDamage(store: Store): Store {
  const { store: path, suspect } = mirrorPaths(store.home)
  const told = async (thrown: unknown): Promise<never> => {
    if (!(thrown instanceof AppError) || thrown.code !== 'store_damaged') throw thrown
    await writeFile(suspect, '').catch(() => undefined)
    throw new AppError(
      'store_damaged',
      `${path} is damaged and cannot be read to its end. Close Loracle and start it again: the next start keeps the file and makes the store anew from the folders beside it.`,
      { path },
    )
  }
  return {
    ...store,
    all: (sql, ...values) => store.all<never>(sql, ...values).catch(told),
    get: (sql, ...values) => store.get<never>(sql, ...values).catch(told),
    run: (...statement) => store.run(...statement).catch(told),
    transaction: (work) => store.transaction(work).catch(told),
  }
}

import type { Handlers } from '../contract/methods.ts'
import type { Preferences } from '../contract/projects.ts'
import { keep, readKept } from '../store/kept.ts'
import type { Store } from '../store/open.ts'

const key = 'preferences'
const defaults: Preferences = { theme: 'system', advanced: false }

/** What the person chose for the window. */
export function createPreferences({
  store,
}: {
  readonly store: Store
}): Handlers<'preferences.get' | 'preferences.set'> {
  const read = async (): Promise<Preferences> => ({
    ...defaults,
    ...(await readKept<Partial<Preferences>>(store, key)),
  })
  return {
    'preferences.get': read,
    'preferences.set': async (chosen) => {
      const preferences = { ...(await read()), ...chosen }
      await keep(store, key, preferences)
      return preferences
    },
  }
}

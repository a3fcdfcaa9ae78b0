import type { Store } from './open.ts'

/** Small things to remember by a name: preferences, the machine's check, measured estimates. */
export async function readKept<T>(store: Store, key: string): Promise<T | null> {
  const row = await store.get<{ value: string }>('SELECT value FROM kept WHERE key = ?', key)
  return row ? (JSON.parse(row.value) as T) : null
}

export async function keep(store: Store, key: string, value: unknown): Promise<void> {
  await store.run(
    'INSERT INTO kept (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value',
    key,
    JSON.stringify(value),
  )
}

import { removeFolder } from '../store/files.ts'
import type { Writer } from '../store/connection.ts'
import type { Store } from '../store/open.ts'

const prefix = 'run folder to be removed: '

/**
 * Notes in the store that a folder is that of no run: of one that is being made and not yet queued, or of one that is
 * being discarded. Whatever ends the app before it is forgotten, the next start removes the folder.
 */
export async function noteFolder(writer: Pick<Writer, 'run'>, folder: string): Promise<void> {
  await writer.run(`INSERT OR REPLACE INTO kept (key, value) VALUES (?, 'true')`, prefix + folder)
}

/** Forgets a note: the folder is a run's now, or gone. */
export async function forgetFolder(writer: Pick<Writer, 'run'>, folder: string): Promise<void> {
  await writer.run('DELETE FROM kept WHERE key = ?', prefix + folder)
}

/** Removes a run from the store, then its folder; ended by the next start where the app goes in between. */
export async function discardRun(store: Store, runId: string, folder: string): Promise<void> {
  await store.transaction(async (writer) => {
    await noteFolder(writer, folder)
    await writer.run('DELETE FROM run WHERE id = ?', runId)
  })
  await removeFolder(folder)
  await forgetFolder(store, folder)
}

/** Removes the folders that an earlier process noted and did not live to remove; what resists is tried again later. */
export async function removeNotedFolders(store: Store): Promise<void> {
  const noted = await store.all<{ key: string }>(
    'SELECT key FROM kept WHERE substr(key, 1, ?) = ?',
    prefix.length,
    prefix,
  )
  for (const { key } of noted) {
    const folder = key.slice(prefix.length)
    const isRun = await store.get('SELECT 1 FROM run WHERE folder = ?', folder)
    const isGone = isRun
      ? true
      : await removeFolder(folder).then(
          () => true,
          () => false,
        )
    if (isGone) await forgetFolder(store, folder)
  }
}

import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'

/** Where a trainer writes files, within a run's folder. */
const places = ['.', 'checkpoints', 'adapter', 'model']
/** What the app itself writes there, at any time. */
const mirrored = 'run.jsonl'

/**
 * Removes what a trainer that was killed at work has left in a run's folder beside what is whole: files under passing
 * names, and what memory had no room for while it trained. Called while none works on the run; what cannot be removed
 * now (a file system that is read-only) is left to the next time.
 */
export async function removeLeftovers(runDir: string): Promise<void> {
  for (const place of places)
    for (const name of await readdir(join(runDir, place)).catch(() => []))
      if ((name.endsWith('.tmp') && !name.startsWith(mirrored)) || name === 'frozen-layers.bin')
        await rm(join(runDir, place, name), { force: true }).catch(() => undefined)
}

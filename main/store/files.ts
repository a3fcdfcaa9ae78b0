import { rm } from 'node:fs/promises'
import { join } from 'node:path'

/** Where things lie in the home folder. */
export function homeFolders(home: string) {
  return {
    projects: join(home, 'projects'),
    project: (projectId: string) => join(home, 'projects', projectId),
    runs: (projectId: string) => join(home, 'projects', projectId, 'runs'),
    models: join(home, 'models'),
    exports: join(home, 'exports'),
    uploads: join(home, 'uploads'),
  } as const
}

/** Removes a folder with all that is in it; one that is not there is no error. */
export async function removeFolder(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true, maxRetries: 3 })
}

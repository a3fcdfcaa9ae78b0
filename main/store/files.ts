import { mkdir, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'

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

/**
 * Makes a folder and those above it. Node's own `recursive` tries for ever where a file system such as /proc says of
 * a folder that is there that it is not.
 *
 * @returns the topmost folder that was made; undefined where all were there
 * @throws the system's error where it cannot be made, or is no folder
 */
export async function makeFolder(path: string): Promise<string | undefined> {
  const there = await stat(path).catch(() => null)
  if (there?.isDirectory()) return undefined
  const parent = dirname(path)
  const above = !there && parent !== path ? await makeFolder(parent) : undefined
  try {
    await mkdir(path)
  } catch (thrown) {
    // Another process was quicker.
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'EEXIST' && !there) return above
    throw thrown
  }
  return above ?? path
}

/** Removes a folder with all that is in it; one that is not there is no error. */
export async function removeFolder(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true, maxRetries: 3 })
}

import { rmSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface SweptFolder {
  readonly path: string
  remove(): Promise<void>
}

/** A temporary folder that is removed when it is no longer wanted, or at the latest when the process ends. */
export async function sweptFolder(name: string): Promise<SweptFolder> {
  const path = await mkdtemp(join(tmpdir(), name))
  const sweep = (): void => rmSync(path, { recursive: true, force: true })
  process.once('exit', sweep)
  return {
    path,
    remove: async () => {
      process.off('exit', sweep)
      await rm(path, { recursive: true, force: true })
    },
  }
}

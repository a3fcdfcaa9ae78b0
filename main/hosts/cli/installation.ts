import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Where this program lies, whether it runs from source or from a build. */
export interface Installation {
  /** The folder with package.json and assets/. */
  readonly root: string
  readonly workerPath: string
  readonly version: string
}

export function findInstallation(moduleUrl: string): Installation {
  const file = fileURLToPath(moduleUrl)
  let root = dirname(file)
  while (!existsSync(join(root, 'package.json')) && dirname(root) !== root) root = dirname(root)
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
  const workerPath = file.endsWith('.ts')
    ? join(root, 'trainer', 'worker.ts')
    : join(root, 'out', 'main', 'worker.js')
  return { root, workerPath, version }
}

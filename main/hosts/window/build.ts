import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Where the parts of a build lie, in a checkout and in a packaged app alike. */
export interface Build {
  /** The folder with package.json, out/ and assets/. */
  readonly root: string
  readonly version: string
  readonly rendererDir: string
  readonly preloadPath: string
  readonly workerPath: string
}

/** @param moduleUrl of any module, built (bundling may have put it into a folder of chunks) or from source */
export function findBuild(moduleUrl: string): Build {
  const file = fileURLToPath(moduleUrl)
  let root = dirname(file)
  while (!existsSync(join(root, 'package.json')) && dirname(root) !== root) root = dirname(root)
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
  return {
    root,
    version,
    rendererDir: join(root, 'out', 'renderer'),
    preloadPath: join(root, 'out', 'preload', 'preload.cjs'),
    workerPath: file.endsWith('.ts')
      ? join(root, 'trainer', 'worker.ts')
      : join(root, 'out', 'main', 'worker.js'),
  }
}

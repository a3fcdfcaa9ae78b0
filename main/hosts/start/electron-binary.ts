import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

/**
 * Electron's executable, where it is there. The package fetches it when it is first asked for it; looking at its
 * files, as its own index.js does, starts no download.
 */
export function findElectron(root: string): string | undefined {
  try {
    const folder = dirname(createRequire(join(root, 'package.json')).resolve('electron/package.json'))
    const named = process.env['ELECTRON_OVERRIDE_DIST_PATH']
    const name = existsSync(join(folder, 'path.txt')) ? readFileSync(join(folder, 'path.txt'), 'utf8') : ''
    const path = named ? join(named, name || 'electron') : join(folder, 'dist', name)
    return (named || name) && existsSync(path) ? path : undefined
  } catch {
    // The package is not there at all.
    return undefined
  }
}

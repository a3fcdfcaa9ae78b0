import { stat } from 'node:fs/promises'
import { extname, join, relative, resolve, sep } from 'node:path'

/** A built file of the window. */
export interface WindowFile {
  readonly path: string
  readonly bytes: number
  readonly contentType: string
  readonly cacheControl: string
}

const contentTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.txt': 'text/plain; charset=utf-8',
}

/**
 * The file that a URL's path names, `/` being index.html. Undefined where there is none, and for every path that
 * leads out of the folder or has not the form of a file's path.
 *
 * @param urlPath still percent-encoded
 */
export async function findWindowFile(rendererDir: string, urlPath: string): Promise<WindowFile | undefined> {
  const name = decoded(urlPath === '/' ? '/index.html' : urlPath)
  // No control characters, backslashes, drive letters or streams; no dot at the start of a part.
  if (name === undefined || !/^(\/[\w~-][\w.~-]*)+$/.test(name)) return undefined
  const root = resolve(rendererDir)
  const path = join(root, name)
  if (!path.startsWith(root + sep)) return undefined
  const found = await stat(path).catch(() => undefined)
  if (!found?.isFile()) return undefined
  const isHashed = relative(root, path).startsWith(`assets${sep}`)
  return {
    path,
    bytes: found.size,
    contentType: contentTypes[extname(path).toLowerCase()] ?? 'application/octet-stream',
    cacheControl: isHashed ? 'private, max-age=31536000, immutable' : 'no-cache',
  }
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}

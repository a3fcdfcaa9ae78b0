import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** What is built from, and what a build leaves last of each part. */
const sources = ['main', 'trainer', 'renderer', 'electron.config.ts', 'tsconfig.json', 'package.json']
const outputs = [
  'out/main/index.js',
  'out/main/web.js',
  'out/main/cli.js',
  'out/main/worker.js',
  'out/preload/preload.cjs',
  'out/renderer/index.html',
]

/** Whether a build is missing or older than what it was made from, by the files' times. */
export function isBuildStale(root: string): boolean {
  const built = outputs.map((path) => timeOf(join(root, path)))
  const oldest = Math.min(...built.map((time) => time ?? 0))
  return sources.some((path) => isNewer(join(root, path), oldest))
}

/** Folders count too: a file that was removed changes nothing but the time of its folder. */
function isNewer(path: string, time: number): boolean {
  const found = statSync(path, { throwIfNoEntry: false })
  if (!found) return false
  if (found.mtimeMs > time) return true
  return found.isDirectory() && readdirSync(path).some((name) => isNewer(join(path, name), time))
}

function timeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs
}

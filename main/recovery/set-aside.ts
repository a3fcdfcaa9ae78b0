import { open, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { mirrorPaths } from './layout.ts'

/** A SQLite file's own companions. */
const parts = ['', '-wal', '-shm', '-journal'] as const
const rebuiltName = /^store\.rebuilt-([\w-]+)\.sqlite$/

/** Where a store is made anew; only a whole one gets the other name, which carries the time. */
export function rebuildPaths(home: string) {
  return {
    making: join(home, 'store.rebuilding.sqlite'),
    made: (stamp: string) => join(home, `store.rebuilt-${stamp}.sqlite`),
    aside: (stamp: string) => join(home, `store.damaged-${stamp}.sqlite`),
  } as const
}

/** A time as part of a file name, in UTC. */
export function stampOf(time: number): string {
  return new Date(time).toISOString().replace(/[:.]/g, '-')
}

/**
 * Puts a store that was made anew in the place of the old one, which is renamed with its log. Does nothing where none
 * is waiting; ended at any point, it is gone on with at the next start.
 */
export async function putInPlace(home: string): Promise<void> {
  const stamp = (await readdir(home)).flatMap((name) => rebuiltName.exec(name)?.[1] ?? [])[0]
  if (stamp === undefined) return
  const paths = rebuildPaths(home)
  const { store, suspect, closed } = mirrorPaths(home)
  const aside = paths.aside(stamp)
  for (const part of parts) {
    if (!(await isThere(`${store}${part}`))) continue
    await rename(`${store}${part}`, await freePath(aside, part))
  }
  await rename(paths.made(stamp), store)
  await rm(suspect, { force: true })
  await rm(closed, { force: true })
  await syncFolder(home)
}

/** Gives a store that was made whole its other name, when it is on the disk. */
export async function markMade(home: string, stamp: string): Promise<void> {
  const { making, made } = rebuildPaths(home)
  const file = await open(making, 'r+')
  try {
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(making, made(stamp))
  await syncFolder(home)
}

export async function removeUnfinished(home: string): Promise<void> {
  for (const part of parts) await rm(`${rebuildPaths(home).making}${part}`, { force: true })
}

/** Nothing that was set aside before is written over. */
async function freePath(aside: string, part: string): Promise<string> {
  for (let number = 1; ; number++) {
    const path = `${number === 1 ? aside : aside.replace(/\.sqlite$/, `-${number}.sqlite`)}${part}`
    if (!(await isThere(path))) return path
  }
}

async function isThere(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null)) !== null
}

/** Renames are on the disk when their folder is; Windows has no such thing. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r').catch(() => null)
  await folder?.sync().catch(() => undefined)
  await folder?.close()
}

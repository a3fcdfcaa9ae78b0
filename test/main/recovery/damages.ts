/** What can happen to a store's file, drawn from a seed. */
import { randomBytes } from 'node:crypto'
import { open, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { seededRandom } from '../../../trainer/data/random.ts'
import type { Random } from '../../../trainer/data/random.ts'

export interface Damage {
  readonly name: string
  /** True where it needs a log, which a store that was closed has not. */
  readonly ofLog?: boolean
  /** True where the store must be made anew whatever the draw. */
  readonly isCertain: boolean
  apply(store: string, random: Random): Promise<void>
}

const pageBytes = 4096

export const damages: readonly Damage[] = [
  { name: 'a zeroed header', isCertain: true, apply: (store) => write(store, 0, Buffer.alloc(100)) },
  {
    name: 'noise in the first page',
    isCertain: true,
    apply: (store) => write(store, 0, randomBytes(pageBytes)),
  },
  { name: 'pages of noise', isCertain: false, apply: (store, random) => spoilPages(store, random, noise) },
  {
    name: 'pages of zeros',
    isCertain: false,
    apply: (store, random) => spoilPages(store, random, Buffer.alloc),
  },
  {
    name: 'noise but for the first page',
    isCertain: true,
    apply: async (store) => {
      const { size } = await stat(store)
      await write(store, pageBytes, noise(size - pageBytes))
    },
  },
  {
    name: 'cut to half',
    isCertain: true,
    apply: async (store) => truncate(store, Math.floor((await stat(store)).size / 2)),
  },
  {
    name: 'cut anywhere',
    isCertain: true,
    apply: async (store, random) =>
      truncate(store, 1 + Math.floor(random() * ((await stat(store)).size - 1 - pageBytes))),
  },
  { name: 'no file', isCertain: true, apply: (store) => rm(store) },
  { name: 'an empty file', isCertain: true, apply: (store) => truncate(store, 0) },
  { name: 'a text', isCertain: true, apply: (store) => writeFile(store, 'Dear diary, '.repeat(1000)) },
  {
    name: 'a log of noise',
    ofLog: true,
    isCertain: false,
    apply: async (store, random) => {
      const log = `${store}-wal`
      const { size } = await stat(log)
      const from = Math.floor(random() * size)
      await write(log, from, noise(size - from))
    },
  },
  { name: 'no log', ofLog: true, isCertain: false, apply: (store) => rm(`${store}-wal`) },
  {
    name: 'a log cut off',
    ofLog: true,
    isCertain: false,
    apply: async (store, random) => {
      const log = `${store}-wal`
      await truncate(log, Math.floor(random() * (await stat(log)).size))
    },
  },
]

/** Draws a damage and does it to the store of a closed home. */
export async function damageStore(
  home: string,
  seed: number,
  of: readonly Damage[] = damages,
): Promise<Damage> {
  const random = seededRandom(seed, 'damage')
  const damage = of[Math.floor(random() * of.length)]
  if (!damage) throw new Error('no damage to draw')
  await damage.apply(join(home, 'store.sqlite'), random)
  return damage
}

export async function storeBytes(home: string): Promise<Buffer | null> {
  return readFile(join(home, 'store.sqlite')).catch(() => null)
}

async function spoilPages(store: string, random: Random, fill: (count: number) => Buffer): Promise<void> {
  const pages = Math.floor((await stat(store)).size / pageBytes)
  const count = 1 + Math.floor(random() * Math.min(8, pages / 4))
  for (let i = 0; i < count; i++)
    await write(store, (1 + Math.floor(random() * (pages - 1))) * pageBytes, fill(pageBytes))
}

const noise = (count: number): Buffer => randomBytes(count)

async function write(path: string, at: number, bytes: Buffer): Promise<void> {
  const file = await open(path, 'r+')
  try {
    await file.write(bytes, 0, bytes.length, at)
  } finally {
    await file.close()
  }
}

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { seededRandom } from '../../trainer/data/random.ts'

// Past every special token of the architectures, and few enough for any vocabulary that is worth a bench.
const lowestId = 3
const highestId = 999

/** Draws ids that any model of a folder knows: the same ones for the same purpose. */
export async function idDrawer(folder: string, purpose: string): Promise<(length: number) => number[]> {
  const config: unknown = JSON.parse(await readFile(join(folder, 'config.json'), 'utf8'))
  const { vocab_size: words } = z.object({ vocab_size: z.int().positive() }).parse(config)
  const ids = Math.min(highestId + 1, words) - lowestId
  const random = seededRandom(0, 'bench', purpose)
  return (length) => Array.from({ length }, () => lowestId + Math.floor(random() * ids))
}

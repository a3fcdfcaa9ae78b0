import { readFile, readdir } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { openZip } from '../../main/datasets/archives/zip.ts'

/** A sound or damaged file from which damaged ones are made. */
export interface Sample {
  /** Of its import case. */
  readonly name: string
  readonly extension: string
  readonly bytes: Buffer
  /** Of a ZIP archive and what is one: the files in it. */
  readonly entries: readonly { readonly name: string; readonly data: Buffer }[]
}

const folder = join(import.meta.dirname, '../samples/import')
/** Larger ones take their time without showing more. */
const largest = 300_000

/** The inputs of all import cases, in the order of their names. */
export async function readSamples(): Promise<readonly Sample[]> {
  const samples: Sample[] = []
  for (const name of (await readdir(folder)).sort()) {
    const files = await readdir(join(folder, name)).catch(() => [])
    const input = files.find((file) => file.startsWith('input'))
    if (input === undefined) continue
    const path = join(folder, name, input)
    const bytes = await readFile(path)
    if (bytes.length <= largest)
      samples.push({ name, extension: extname(input), bytes, entries: await entriesOf(path) })
  }
  return samples
}

async function entriesOf(path: string): Promise<Sample['entries']> {
  const zip = await openZip(path).catch(() => null)
  if (!zip) return []
  try {
    const entries = zip.entries.map(async (entry) => ({
      name: entry.name,
      data: await zip.read(entry, largest),
    }))
    return await Promise.all(entries)
  } catch {
    // Entries that cannot be read are damaged as they lie.
    return []
  } finally {
    await zip.close()
  }
}

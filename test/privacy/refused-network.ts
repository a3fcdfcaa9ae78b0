import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { temporaryFolder } from '../support/temporary-folder.ts'

export interface RefusedNetwork {
  /** For the process that is started; those that it starts have it, too. */
  readonly env: { readonly NODE_OPTIONS: string; readonly LORACLE_NETWORK_LOG: string }
  /** What was tried so far, a line each: `lookup NAME`, `connect HOST:PORT`, `datagram …`. */
  attempts(): Promise<readonly string[]>
}

/** A network that refuses everything, and remembers what was tried. */
export async function refusedNetwork(): Promise<RefusedNetwork> {
  const log = join(await temporaryFolder(), 'attempts')
  // Not --import: threads that are made of a text do without.
  const preload = join(import.meta.dirname, 'refuse-network.ts')
  return {
    env: { NODE_OPTIONS: `--require=${JSON.stringify(preload)}`, LORACLE_NETWORK_LOG: log },
    attempts: async () => {
      const text = await readFile(log, 'utf8').catch(() => '')
      return text.split('\n').filter((line) => line !== '')
    },
  }
}

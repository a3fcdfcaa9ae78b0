import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { writeAtomic } from '../checkpoint/write-atomic.ts'
import type { TrainResult } from '../protocol.ts'

const fileName = 'result.json'

/** Writes how a run ended, comparisons included, into its folder. */
export async function saveResultFile(result: TrainResult): Promise<void> {
  await writeAtomic(join(result.runDir, fileName), `${JSON.stringify(result, null, 1)}\n`)
}

/** Removes what an earlier start ended with: a run that goes on has no result yet. */
export async function removeResultFile(runDir: string): Promise<void> {
  // Also a folder of that name, which a run of elsewhere may bring along.
  await rm(join(runDir, fileName), { force: true, recursive: true })
}

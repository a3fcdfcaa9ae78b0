/**
 * A disk that takes its time: a file of the trainer is written in two halves with a pause of `LORACLE_FAULT_SLOW_MS`
 * after each, so that a kill can come upon a file that is half there, or there and not yet renamed.
 */
import { open } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { role } from './role.ts'

const pause = Number(process.env['LORACLE_FAULT_SLOW_MS'] ?? 0)

if (role === 'trainer' && pause > 0) {
  const handle = await open(fileURLToPath(import.meta.url))
  const prototype = Object.getPrototypeOf(handle) as { writeFile: FileHandle['writeFile'] }
  await handle.close()
  const { writeFile } = prototype
  prototype.writeFile = async function (this: FileHandle, data, ...rest) {
    const bytes = typeof data === 'string' ? Buffer.from(data) : data
    if (!(bytes instanceof Uint8Array)) return writeFile.call(this, data, ...rest)
    const half = bytes.byteLength >> 1
    for (const part of [bytes.subarray(0, half), bytes.subarray(half)]) {
      await writeFile.call(this, part)
      await sleep(pause)
    }
  }
}

import { open, stat } from 'node:fs/promises'
import { cancelledExport, exportFailure } from '../../store/export-failure.ts'
import { writeInPlace } from '../../store/new-place.ts'
import type { Target } from '../../store/new-place.ts'

/**
 * Writes a text to a new file: under a temporary name, synced, then given its own, with a number where that is
 * taken. Where it fails nothing is left.
 *
 * @throws AppError `disk_full`, `write_failed`, `export_failed`; `cancelled` where the signal is aborted.
 */
export async function writeNewFile(
  target: Target,
  chunks: AsyncIterable<string>,
  signal: AbortSignal,
): Promise<{ readonly path: string; readonly bytes: number }> {
  try {
    const path = await writeInPlace(target, async (temporary) => {
      const file = await open(temporary, 'wx')
      try {
        for await (const chunk of chunks) {
          if (signal.aborted) throw cancelledExport()
          await file.write(chunk)
        }
        await file.sync()
      } finally {
        await file.close()
      }
    })
    return { path, bytes: (await stat(path)).size }
  } catch (thrown) {
    throw exportFailure(thrown, target.folder)
  }
}

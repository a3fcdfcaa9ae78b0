import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { AppError } from '../contract/errors.ts'
import { filesOf } from './copy-tree.ts'

const mostHeaderBytes = 100_000_000
const tensorSchema = z.object({ data_offsets: z.tuple([z.int(), z.int()]) })

/**
 * Looks whether the safetensors files of a folder are as long as their headers say, so that nothing is taken away
 * that cannot be loaded elsewhere. The weights themselves are not read.
 *
 * @throws AppError `weights_invalid` for a file that is cut off or no safetensors file.
 */
export async function requireWholeWeights(folder: string): Promise<void> {
  for (const { name, bytes } of await filesOf(folder)) {
    if (!name.endsWith('.safetensors')) continue
    const path = join(folder, name)
    if ((await announcedBytes(path, bytes)) !== bytes)
      throw new AppError(
        'weights_invalid',
        `${path} is damaged: it is not as long as its header says. Put the whole file back, or train the run again.`,
        { path },
      )
  }
}

/** The length that a file's header gives it; null where it has no readable header. */
async function announcedBytes(path: string, bytes: number): Promise<number | null> {
  const file = await open(path, 'r')
  try {
    const start = Buffer.alloc(8)
    await file.read(start, 0, 8, 0)
    const length = bytes < 8 ? 0 : Number(start.readBigUInt64LE())
    if (length === 0 || length > Math.min(bytes - 8, mostHeaderBytes)) return null
    const header = Buffer.alloc(length)
    await file.read(header, 0, length, 8)
    const tensors = Object.entries(JSON.parse(header.toString('utf8')) as Record<string, unknown>)
    const ends = tensors.flatMap(([name, tensor]) =>
      name === '__metadata__' ? [] : [tensorSchema.parse(tensor).data_offsets[1]],
    )
    return 8 + length + ends.reduce((most, end) => Math.max(most, end), 0)
  } catch (thrown) {
    if (thrown instanceof SyntaxError || thrown instanceof z.ZodError) return null
    throw thrown
  } finally {
    await file.close()
  }
}

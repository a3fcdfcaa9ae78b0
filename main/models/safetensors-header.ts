import { open, stat } from 'node:fs/promises'
import { z } from 'zod'
import { parseJson } from '../../trainer/parse-json.ts'
import { AppError } from '../contract/errors.ts'

/** A header names tensors; those of the models that can be trained have less than a megabyte. */
const mostHeaderBytes = 16_000_000

const tensorSchema = z.object({ shape: z.array(z.int().nonnegative()).max(64) })

/**
 * Counts the parameters of a safetensors file from its header; the weights are not read.
 *
 * @throws AppError `file_unreadable` for a damaged file.
 */
export async function countParameters(path: string): Promise<number> {
  // Opening a pipe would wait for somebody to write into it.
  if (!(await stat(path)).isFile()) throw damaged(path)
  const file = await open(path, 'r')
  try {
    const { size } = await file.stat()
    const start = Buffer.alloc(8)
    await file.read(start, 0, 8, 0)
    const length = size < 8 ? 0n : start.readBigUInt64LE()
    if (length === 0n || length > BigInt(Math.min(size - 8, mostHeaderBytes))) throw damaged(path)
    const header = Buffer.alloc(Number(length))
    await file.read(header, 0, header.length, 8)
    return count(header.toString('utf8'), path)
  } finally {
    await file.close()
  }
}

function count(text: string, path: string): number {
  let parameters = 0
  try {
    for (const [name, tensor] of Object.entries(
      z.record(z.string(), z.unknown()).parse(parseJson(text, { unique: true })),
    ))
      if (name !== '__metadata__')
        parameters += tensorSchema.parse(tensor).shape.reduce((product, side) => product * side, 1)
  } catch {
    throw damaged(path)
  }
  // What no file could hold.
  if (!Number.isSafeInteger(parameters)) throw damaged(path)
  return parameters
}

function damaged(path: string): AppError {
  return new AppError(
    'file_unreadable',
    `${path} is damaged or not a safetensors file. Get it once more from where the model comes from.`,
    { path },
  )
}

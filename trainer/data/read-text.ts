import { readFile, stat } from 'node:fs/promises'
import { TrainerError } from '../errors.ts'

// V8 holds strings of at most about 2^29 units.
const largestFile = 500_000_000

/**
 * Reads a text file: UTF-8 with or without byte order mark, or UTF-16 with one.
 *
 * @throws TrainerError `file_missing`, `file_invalid` (a folder), `data_invalid` (another encoding, or too large).
 */
export async function readText(path: string): Promise<string> {
  const bytes = await readBytes(path)
  const encoding =
    bytes[0] === 0xff && bytes[1] === 0xfe
      ? 'utf-16le'
      : bytes[0] === 0xfe && bytes[1] === 0xff
        ? 'utf-16be'
        : 'utf-8'
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes)
  } catch {
    throw new TrainerError(
      'data_invalid',
      `${path} is not ${encoding.toUpperCase()} text. Save it again as UTF-8.`,
      {
        path,
        encoding,
      },
    )
  }
}

async function readBytes(path: string): Promise<Uint8Array> {
  try {
    const found = await stat(path)
    if (!found.isFile() && !found.isDirectory())
      throw new TrainerError(
        'file_invalid',
        `${path} is not a file: a pipe or a device may have no end. Save what it gives as a file.`,
        { path },
      )
    const { size } = found
    if (size > largestFile)
      throw new TrainerError(
        'data_invalid',
        `${path} holds ${Math.round(size / 1e6)} MB; at most ${largestFile / 1e6} MB can be read at once. Split it into several files.`,
        { path, size },
      )
    return await readFile(path)
  } catch (error) {
    throw readError(path, error)
  }
}

function readError(path: string, error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (error instanceof TrainerError) return error
  if (code === 'ENOENT' || code === 'ENOTDIR')
    return new TrainerError('file_missing', `${path} does not exist. Check the path.`, { path })
  if (code === 'EISDIR')
    return new TrainerError('file_invalid', `${path} is a folder, not a file. Name the file in it.`, { path })
  if (code === 'EACCES' || code === 'EPERM')
    return new TrainerError(
      'file_missing',
      `${path} cannot be read: permission denied. Change its permissions.`,
      { path },
    )
  return error
}

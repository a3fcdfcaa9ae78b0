import { open, stat } from 'node:fs/promises'
import { TrainerError } from './errors.ts'

/**
 * Reads a text file of somebody else's, UTF-8, of at most so many bytes; links are followed. What is no file is refused
 * before it is opened: a pipe would wait for somebody to write into it, a device has no end.
 *
 * @throws TrainerError `file_invalid`, and what the system throws
 */
export async function readBounded(path: string, most: number): Promise<string> {
  if (!(await stat(path)).isFile())
    throw new TrainerError('file_invalid', `${path} is not a file. Put the file itself there.`, { path })
  const file = await open(path)
  try {
    const { size } = await file.stat()
    if (size > most)
      throw new TrainerError(
        'file_invalid',
        `${path} holds ${Math.ceil(size / 1e6)} MB; at most ${most / 1e6} MB are read. Get the file once more from where it comes from.`,
        { path, size },
      )
    return await file.readFile('utf8')
  } finally {
    await file.close()
  }
}

import { read } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import yauzl from 'yauzl'

/**
 * How yauzl reads an open file. Its own way hands places that the archive names to the system unchecked, which
 * throws, out of anyone's reach, where they are beyond what a number can hold.
 */
export function randomAccess(file: FileHandle, bytes: number): yauzl.RandomAccessReader {
  return new FileReader(file, bytes)
}

class FileReader extends yauzl.RandomAccessReader {
  readonly #file: FileHandle
  readonly #bytes: number

  constructor(file: FileHandle, bytes: number) {
    super()
    this.#file = file
    this.#bytes = bytes
  }

  override read(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number,
    callback: (error: Error | null, bytesRead?: number) => void,
  ): void {
    if (!(position >= 0 && position + length <= this.#bytes)) {
      setImmediate(callback, new Error('it names a place that lies outside of it'))
      return
    }
    read(this.#file.fd, buffer, offset, length, position, callback)
  }

  /** The file belongs to whoever opened it. */
  override close(callback: (error: Error | null) => void): void {
    setImmediate(callback, null)
  }
}

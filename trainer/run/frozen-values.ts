import { open, rm } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'

/** Bytes that are kept in memory; what comes after goes to the file. */
const mostInMemory = 512 * 2 ** 20
/** Bytes of the file; what comes after is not kept. */
const mostInFile = 16 * 2 ** 30

/** Float32 values of items, kept under the item: in memory first, then in a file that is removed at the end. */
export interface FrozenValues<Key> {
  get(key: Key): Promise<readonly Float32Array[] | null>
  add(key: Key, values: readonly Float32Array[]): Promise<void>
  dispose(): Promise<void>
}

export interface FrozenValuesOptions {
  /** Null keeps in memory alone. */
  readonly path: string | null
  readonly bytesInMemory?: number
}

/** Keeps values; whoever makes it disposes of it. What cannot be kept, for want of room, is not, and `get` gives null. */
export function keepFrozenValues<Key>({
  path,
  bytesInMemory = mostInMemory,
}: FrozenValuesOptions): FrozenValues<Key> {
  const held = new Map<Key, readonly Float32Array[]>()
  const filed = new Map<Key, { readonly start: number; readonly lengths: readonly number[] }>()
  let room = bytesInMemory
  let file: FileHandle | null = null
  let end = 0
  let full = path === null
  return {
    async get(key) {
      const inMemory = held.get(key)
      if (inMemory) return inMemory
      const place = filed.get(key)
      if (!place || !file) return null
      const bytes = new Uint8Array(place.lengths.reduce((sum, length) => sum + 4 * length, 0))
      const { bytesRead } = await file.read(bytes, 0, bytes.length, place.start)
      if (bytesRead !== bytes.length) return null
      let offset = 0
      return place.lengths.map((length) => {
        const part = new Float32Array(bytes.buffer, offset, length)
        offset += 4 * length
        return part
      })
    },
    async add(key, values) {
      const size = values.reduce((sum, { byteLength }) => sum + byteLength, 0)
      if (size <= room) {
        room -= size
        // Copies, since a result of the runtime may be a view of something larger.
        held.set(
          key,
          values.map((one) => Float32Array.from(one)),
        )
        return
      }
      room = 0
      if (full || path === null || end + size > mostInFile) return
      try {
        file ??= await open(path, 'w+')
        let start = end
        for (const one of values) {
          await file.write(
            new Uint8Array(one.buffer, one.byteOffset, one.byteLength),
            0,
            one.byteLength,
            start,
          )
          start += one.byteLength
        }
        filed.set(key, { start: end, lengths: values.map(({ length }) => length) })
        end = start
      } catch (thrown) {
        // A full disk ends the keeping, not the run: what is not kept is computed again.
        if ((thrown as NodeJS.ErrnoException).code === undefined) throw thrown
        full = true
      }
    },
    async dispose() {
      held.clear()
      await file?.close()
      if (file && path !== null) await rm(path, { force: true })
      file = null
    },
  }
}

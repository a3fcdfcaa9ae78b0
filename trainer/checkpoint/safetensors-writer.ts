import { open } from 'node:fs/promises'
import type { SafetensorsType } from './safetensors.ts'

/** A tensor to be written, and where its bytes come from when its turn is there. */
export interface PendingTensor {
  readonly name: string
  readonly dtype: SafetensorsType
  readonly shape: readonly number[]
  /** Bytes that `read` gives. */
  readonly length: number
  read(): Promise<Uint8Array>
}

/**
 * Writes a safetensors file tensor by tensor, so that no more than one is in memory, and syncs it. Returns its
 * bytes. The file is not whole before the end: write it where nobody looks.
 */
export async function writeSafetensors(
  path: string,
  tensors: readonly PendingTensor[],
  metadata: Readonly<Record<string, string>>,
): Promise<number> {
  const entries: Record<string, unknown> = { __metadata__: metadata }
  let offset = 0
  for (const { name, dtype, shape, length } of tensors) {
    entries[name] = { dtype, shape, data_offsets: [offset, offset + length] }
    offset += length
  }
  const json = Buffer.from(JSON.stringify(entries))
  const headerLength = Math.ceil(json.byteLength / 8) * 8
  const header = Buffer.alloc(8 + headerLength, ' ')
  header.writeBigUInt64LE(BigInt(headerLength))
  json.copy(header, 8)
  const file = await open(path, 'w')
  try {
    await file.writeFile(header)
    for (const { name, length, read } of tensors) {
      const bytes = await read()
      if (bytes.byteLength !== length)
        throw new Error(`${name} has ${bytes.byteLength} bytes, not ${length}.`)
      await file.writeFile(bytes)
    }
    await file.sync()
  } finally {
    await file.close()
  }
  return header.byteLength + offset
}

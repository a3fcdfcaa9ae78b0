import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readSafetensorsHeader } from '../../trainer/checkpoint/safetensors.ts'
import type { PaddedBatch } from './padded-batch.ts'

/** A golden tensor; integers come as numbers. */
export interface Golden {
  readonly shape: readonly number[]
  readonly data: Float32Array
}

export const goldensFolder = join(import.meta.dirname, '../goldens')

/** Reads all tensors of a golden file, F32 and I32. */
export async function readGoldens(path: string): Promise<ReadonlyMap<string, Golden>> {
  const header = await readSafetensorsHeader(path)
  const bytes = await readFile(path)
  return new Map(
    [...header.entries].map(([name, { dtype, shape, offset, length }]) => {
      const part = Uint8Array.from(bytes.subarray(offset, offset + length)).buffer
      const data = dtype === 'I32' ? Float32Array.from(new Int32Array(part)) : new Float32Array(part)
      return [name, { shape, data }]
    }),
  )
}

export function golden(goldens: ReadonlyMap<string, Golden>, name: string): Golden {
  const found = goldens.get(name)
  if (!found) throw new Error(`The golden ${name} is missing.`)
  return found
}

/** The golden inputs of a batch as feeds. */
export function goldenBatch(goldens: ReadonlyMap<string, Golden>, name: string): PaddedBatch {
  const ids = golden(goldens, `inputs/${name}/input_ids`)
  const decoder = golden(goldens, `inputs/${name}/decoder_input_ids`)
  const labels = [...golden(goldens, `inputs/${name}/labels`).data]
  const rows = labels.flatMap((label, row) => (label === -100 ? [] : [row]))
  const attentionMask = golden(goldens, `inputs/${name}/attention_mask`).data
  const [batch = 0, sourceLength = 0] = ids.shape
  return {
    inputIds: BigInt64Array.from(ids.data, BigInt),
    attentionMask,
    decoderInputIds: BigInt64Array.from(decoder.data, BigInt),
    labels: BigInt64Array.from(rows, (row) => BigInt(labels[row] ?? 0)),
    labelRows: BigInt64Array.from(rows, BigInt),
    batch,
    sourceLength,
    targetLength: decoder.shape[1] ?? 0,
    tokens: attentionMask.reduce((a, b) => a + b, 0) + rows.length,
  }
}

/** ‖actual − expected‖ / ‖expected‖. */
export function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length)
    throw new Error(`${actual.length} values are compared with ${expected.length}.`)
  let difference = 0
  let norm = 0
  for (let i = 0; i < expected.length; i++) {
    const e = expected[i] ?? NaN
    difference += ((actual[i] ?? NaN) - e) ** 2
    norm += e ** 2
  }
  return Math.sqrt(difference / norm)
}

import { TrainerError } from '../errors.ts'
import type { SafetensorsType } from '../checkpoint/safetensors.ts'

/** Bytes of one value, of the types that weights are read in. */
export const bytesOfReal = { F32: 4, F16: 2, BF16: 2 } as const
export type RealType = keyof typeof bytesOfReal

/** @throws TrainerError `weights_invalid` for a type that is not one of weights. */
export function requireReal(name: string, dtype: SafetensorsType): RealType {
  if (dtype === 'F32' || dtype === 'F16' || dtype === 'BF16') return dtype
  throw new TrainerError(
    'weights_invalid',
    `${name} is of type ${dtype}; F32, F16 and BF16 weights are read. Convert the model.`,
    { name, dtype },
  )
}

/** Stored values as float32, fast enough for a whole model: IEEE 754 binary16 through a table of all its values. */
export function widenValues(dtype: RealType, bytes: Uint8Array): Float32Array {
  // A copy where the bytes do not lie as their type wants.
  const { buffer, byteOffset, byteLength } =
    bytes.byteOffset % bytesOfReal[dtype] === 0 ? bytes : Uint8Array.from(bytes)
  if (dtype === 'F32') return new Float32Array(buffer, byteOffset, byteLength / 4)
  const halves = new Uint16Array(buffer, byteOffset, byteLength / 2)
  const values = new Float32Array(halves.length)
  if (dtype === 'BF16') {
    const words = new Uint32Array(values.buffer)
    for (let i = 0; i < halves.length; i++) words[i] = (halves[i] ?? 0) << 16
  } else {
    const table = halfTable()
    for (let i = 0; i < halves.length; i++) values[i] = table[halves[i] ?? 0] ?? 0
  }
  return values
}

let table: Float32Array | null = null

function halfTable(): Float32Array {
  table ??= Float32Array.from({ length: 1 << 16 }, (_, half) => {
    const sign = half & 0x8000 ? -1 : 1
    const exponent = (half >> 10) & 0x1f
    const fraction = half & 0x3ff
    if (exponent === 0) return sign * fraction * 2 ** -24
    if (exponent === 31) return fraction ? NaN : sign * Infinity
    return sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
  })
  return table
}

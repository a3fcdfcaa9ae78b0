import type { SafetensorsType } from './safetensors.ts'

/** The types in which reals are written. */
export type RealType = Extract<SafetensorsType, 'F32' | 'F16' | 'BF16'>

/** Values in a safetensors type, little-endian, each rounded to the nearest, ties to even. */
export function encodeValues(dtype: RealType, values: Float32Array): Uint8Array {
  if (dtype === 'F32') return new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
  const words = new Uint32Array(values.buffer, values.byteOffset, values.length)
  const round = dtype === 'F16' ? toHalf : toBfloat16
  return new Uint8Array(Uint16Array.from(words, round).buffer)
}

/** The bits of a float32 as those of the nearest bfloat16. */
function toBfloat16(bits: number): number {
  const isNaN = (bits & 0x7fffffff) > 0x7f800000
  return isNaN ? (bits >>> 16) | 0x40 : ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16) & 0xffff
}

/** The bits of a float32 as those of the nearest IEEE 754 binary16. */
function toHalf(bits: number): number {
  const sign = (bits >>> 16) & 0x8000
  const biased = (bits >>> 23) & 0xff
  const fraction = bits & 0x7fffff
  if (biased === 0xff) return sign | 0x7c00 | (fraction ? 0x200 : 0)
  // 127 and 15 are the biases of the two types.
  const exponent = biased - 112
  if (exponent >= 31) return sign | 0x7c00
  if (exponent < -10) return sign
  // Below the normal numbers the leading one moves into the fraction.
  const normal = exponent > 0
  const mantissa = normal ? fraction : fraction | 0x800000
  const shift = normal ? 13 : 14 - exponent
  const half = (normal ? exponent << 10 : 0) + (mantissa >>> shift)
  const rest = mantissa & ((1 << shift) - 1)
  const middle = 1 << (shift - 1)
  // A carry out of the fraction goes into the exponent, as it should, up to infinity.
  return sign | (half + (rest > middle || (rest === middle && (half & 1) === 1) ? 1 : 0))
}

import type { NamedTensor } from '../../trainer/checkpoint/safetensors.ts'

/** The nearest bfloat16 of a float32, ties to even, as its 16 bits. */
export function toBfloat16(value: number): number {
  const bits = new Uint32Array(Float32Array.of(value).buffer)[0] ?? 0
  return ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16) & 0xffff
}

export function fromBfloat16(bits: number): number {
  return new Float32Array(Uint32Array.of(bits << 16).buffer)[0] ?? NaN
}

/** The nearest IEEE 754 binary16 of a float32, ties to even, as its 16 bits; for finite values in range. */
export function toFloat16(value: number): number {
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0
  const size = Math.abs(value)
  if (size < 2 ** -14) return sign | roundToEven(size * 2 ** 24)
  const exponent = Math.floor(Math.log2(size))
  const mantissa = roundToEven((size / 2 ** exponent - 1) * 1024)
  return sign | (((exponent + 15) << 10) + mantissa)
}

export function fromFloat16(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >> 10) & 31
  const fraction = (bits & 1023) / 1024
  return sign * (exponent === 0 ? fraction * 2 ** -14 : (1 + fraction) * 2 ** (exponent - 15))
}

function roundToEven(value: number): number {
  const floor = Math.floor(value)
  const rest = value - floor
  return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor
}

/** A safetensors file of one 16-bit type, its header left at an odd length so that values lie unaligned. */
export function encodeHalfSafetensors(
  tensors: ReadonlyMap<string, NamedTensor>,
  dtype: 'F16' | 'BF16',
): Buffer {
  const convert = dtype === 'F16' ? toFloat16 : toBfloat16
  const header: Record<string, unknown> = {}
  const parts: Buffer[] = []
  let offset = 0
  for (const [name, { shape, data }] of tensors) {
    const bytes = Buffer.from(Uint16Array.from(data, convert).buffer)
    header[name] = { dtype, shape, data_offsets: [offset, offset + bytes.length] }
    offset += bytes.length
    parts.push(bytes)
  }
  let json = JSON.stringify(header)
  if (json.length % 2 === 0) json += ' '
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(json.length))
  return Buffer.concat([length, Buffer.from(json), ...parts])
}

/** The same tensors with every value rounded to a 16-bit type and back. */
export function rounded(
  tensors: ReadonlyMap<string, NamedTensor>,
  dtype: 'F16' | 'BF16',
): Map<string, NamedTensor> {
  const round =
    dtype === 'F16' ? (x: number) => fromFloat16(toFloat16(x)) : (x: number) => fromBfloat16(toBfloat16(x))
  return new Map([...tensors].map(([name, { shape, data }]) => [name, { shape, data: data.map(round) }]))
}

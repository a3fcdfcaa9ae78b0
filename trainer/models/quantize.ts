/** How many values share a scale, by their bits. */
export const blockSizes = { 8: 64, 4: 32 } as const

export type QuantizedBits = keyof typeof blockSizes

/** Blocks of values and a scale for each: a value is about `scale·(q − 2^(bits−1))`. */
export interface QuantizedValues {
  /** A value of 8 bits a byte, or two of 4 bits, the first in the low half. */
  readonly packed: Uint8Array
  readonly scales: Float32Array
}

/**
 * Rounds values to few bits, block by block. With 8 bits the largest value of a block becomes ±127. With 4 bits, -8 to
 * 7, scales near the one that makes the largest value -8 are tried, each corrected by least squares for the values
 * that it gave, and the one with the smallest squared error is kept (as llama.cpp's `make_qx_quants` does).
 *
 * @throws Error where the values do not fill whole blocks.
 */
export function quantizeValues(values: Float32Array, bits: QuantizedBits): QuantizedValues {
  const block = blockSizes[bits]
  if (values.length % block !== 0) throw new Error(`${values.length} values do not fill blocks of ${block}.`)
  const scales = new Float32Array(values.length / block)
  const packed = new Uint8Array((values.length * bits) / 8)
  const quantize = bits === 8 ? quantizeBlock8 : quantizeBlock4
  const bytes = (block * bits) / 8
  for (let i = 0; i < scales.length; i++)
    scales[i] = quantize(
      values.subarray(i * block, (i + 1) * block),
      packed.subarray(i * bytes, (i + 1) * bytes),
    )
  return { packed, scales }
}

/**
 * Rounds rows of `width` values to 8 bits with one scale a row, the same in each of its blocks: such rows can be
 * multiplied as whole numbers over their whole width.
 *
 * @throws Error where the values do not fill whole rows, or a row does not fill whole blocks.
 */
export function quantizeRows(values: Float32Array, width: number): QuantizedValues {
  if (width % blockSizes[8] !== 0 || values.length % width !== 0)
    throw new Error(`${values.length} values do not fill rows of ${width} in blocks of ${blockSizes[8]}.`)
  const blocks = width / blockSizes[8]
  const scales = new Float32Array(values.length / blockSizes[8])
  const packed = new Uint8Array(values.length)
  for (let start = 0; start < values.length; start += width) {
    const scale = quantizeBlock8(values.subarray(start, start + width), packed.subarray(start, start + width))
    scales.fill(scale, start / blockSizes[8], start / blockSizes[8] + blocks)
  }
  return { packed, scales }
}

function quantizeBlock8(values: Float32Array, packed: Uint8Array): number {
  const scale = Math.fround(Math.abs(extreme(values)) / 127)
  const inverse = scale > 0 ? 1 / scale : 0
  for (let i = 0; i < values.length; i++) packed[i] = Math.round((values[i] ?? 0) * inverse) + 128
  return scale
}

/** Shares of the largest value's -8 to which it is stretched. */
const stretches = [0.9, 0.95, 1, 1.05, 1.1]

function quantizeBlock4(values: Float32Array, packed: Uint8Array): number {
  const largest = extreme(values)
  if (!Number.isFinite(largest)) return NaN
  let [best, bestGain] = [0, 0]
  for (const stretch of stretches) {
    const inverse = (-8 * stretch) / largest
    let [product, square] = [0, 0]
    for (const value of values) {
      const q = fourBit(value * inverse)
      product += value * q
      square += q * q
    }
    // The error left is Σv² − product²/square, for the scale product/square.
    const gain = square > 0 ? (product * product) / square : 0
    if (gain > bestGain) [best, bestGain] = [product / square, gain]
  }
  const scale = Math.fround(best)
  const inverse = scale === 0 ? 0 : 1 / scale
  for (let i = 0; i < packed.length; i++) {
    const low = fourBit((values[2 * i] ?? 0) * inverse) + 8
    const high = fourBit((values[2 * i + 1] ?? 0) * inverse) + 8
    packed[i] = low | (high << 4)
  }
  return scale
}

function fourBit(value: number): number {
  return Math.max(-8, Math.min(7, Math.round(value)))
}

/** The value of the largest magnitude; NaN where there is one, so that it shows in the loss as it would unrounded. */
function extreme(values: Float32Array): number {
  let largest = 0
  for (const value of values) {
    if (Number.isNaN(value)) return NaN
    if (Math.abs(value) > Math.abs(largest)) largest = value
  }
  return largest
}

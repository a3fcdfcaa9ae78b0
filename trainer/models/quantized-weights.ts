import { createHash } from 'node:crypto'
import { rename, rm, stat } from 'node:fs/promises'
import { encodeValues } from '../checkpoint/encode-values.ts'
import { readSafetensorsBytes } from '../checkpoint/safetensors.ts'
import { writeSafetensors } from '../checkpoint/safetensors-writer.ts'
import type { PendingTensor } from '../checkpoint/safetensors-writer.ts'
import { TrainerError } from '../errors.ts'
import { bytesOfReal, requireReal, widenValues } from './half-values.ts'
import { blockSizes, quantizeRows, quantizeValues } from './quantize.ts'
import type { QuantizedBits } from './quantize.ts'
import type { ModelWeights, ParameterShapes, StoredWeight } from './weights.ts'

/** What is quantised: a model's weights, the shapes that it needs, and which matrices are its blocks' layers. */
export interface QuantizableModel {
  readonly weights: ModelWeights
  readonly architecture: {
    readonly parameters: ParameterShapes
    readonly linears: ReadonlyMap<string, readonly [out: number, into: number]>
  }
}

export type HeldBits = QuantizedBits | 16

export interface QuantizeOptions {
  /**
   * Bits of the blocks' linear layers: 8 or 4 in blocks, or 16 as float16. Beside layers of 4 bits, embeddings and heads
   * are held in 8: they are few, and the model's output hangs on them.
   */
  readonly bits: HeldBits
  readonly signal: AbortSignal
  readonly onProgress?: (done: number, total: number) => void
}

/** The version of the file's layout, part of its key. */
const layout = 2
/** Matrices that are no linear layers are quantised from this many values on. */
const smallestTable = 1 << 16
/** Values that are widened at a time. */
const chunkValues = 1 << 22

/** The name of a quantised matrix' scales, and of the zero points that all matrices of some bits share. */
export const scalesName = (name: string): string => `${name}.scales`
/** The name of the one scale a row of matrices whose blocks share it. */
export const rowScalesName = (name: string): string => `${name}.rowScales`
export const zeroPointsName = (bits: QuantizedBits): string => `zeroPoints.${bits}`

/**
 * Names a model's weights as they are on disk now (names, types, places, file sizes and times) and the bits: a
 * quantised file with this key was made of them.
 */
export async function quantizedKey({ weights }: QuantizableModel, bits: HeldBits): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify([layout, bits]))
  for (const [name, { dtype, shape, path, offset }] of weights.entries) {
    const { size, mtimeMs } = await stat(path)
    hash.update(JSON.stringify([name, dtype, shape, offset, size, mtimeMs]))
  }
  return hash.digest('hex')
}

/**
 * Writes a model's weights in few bits as one safetensors file, whole or not at all: matrices in blocks of 8 or 4 bits
 * with float32 scales (see `quantizeValues`), all else as float32. A matrix whose rows are not whole blocks keeps its
 * type. One tensor is in memory at a time. Returns the bytes written.
 *
 * @throws TrainerError `weights_invalid` for a type that is not one of weights, `cancelled`; a full disk is an error of
 * the system, after which nothing of the file is left.
 */
export async function writeQuantizedWeights(
  path: string,
  model: QuantizableModel,
  options: QuantizeOptions,
): Promise<number> {
  const tensors = plan(model, options)
  const key = await quantizedKey(model, options.bits)
  const temporary = `${path}.${process.pid}.tmp`
  try {
    const bytes = await writeSafetensors(temporary, tensors, { key })
    await rename(temporary, path)
    return bytes
  } catch (thrown) {
    // What went wrong first is what matters.
    await rm(temporary, { force: true }).catch(() => undefined)
    throw thrown
  }
}

function plan(model: QuantizableModel, options: QuantizeOptions): readonly PendingTensor[] {
  const { weights, architecture } = model
  const stored = [...architecture.parameters.keys()].flatMap((name) => {
    const entry = weights.entries.get(name)
    return entry ? [{ name, entry, bits: bitsOf(name, entry.shape, architecture, options.bits) }] : []
  })
  let done = 0
  const step = () => {
    if (options.signal.aborted)
      throw new TrainerError('cancelled', 'The rounding of the weights was stopped. Nothing of it is left.')
    options.onProgress?.(done++, stored.length)
  }
  const plain = stored.flatMap(({ name, entry, bits }) =>
    bits ? [] : [plainTensor(name, entry, { half: options.bits === 16, step })],
  )
  const blocks = stored.flatMap(({ name, entry, bits }) =>
    bits
      ? quantizedTensors(name, entry, { bits, byRow: bits === 8 && isLinear(name, architecture), step })
      : [],
  )
  const used = ([8, 4] as const).filter((bits) => stored.some((tensor) => tensor.bits === bits))
  const zeros = used.map((bits) => {
    const most = stored.map(({ entry, bits: own }) =>
      own === bits ? size(entry.shape) / blockSizes[bits] : 0,
    )
    return zeroPoints(bits, Math.max(...most))
  })
  // Halves behind what is as wide as four bytes, so that every tensor lies aligned.
  const isHalf = ({ dtype }: PendingTensor) => dtype !== 'F32'
  return [...plain.filter((tensor) => !isHalf(tensor)), ...blocks, ...plain.filter(isHalf), ...zeros]
}

/** The bits in which a parameter is held, or null for its own type. */
function bitsOf(
  name: string,
  shape: readonly number[],
  architecture: QuantizableModel['architecture'],
  linearBits: HeldBits,
): QuantizedBits | null {
  const [, into] = shape
  if (linearBits === 16 || shape.length !== 2 || into === undefined) return null
  const linear = isLinear(name, architecture)
  const bits = linear ? linearBits : 8
  if (into % blockSizes[bits] !== 0) return null
  return linear || size(shape) >= smallestTable ? bits : null
}

function isLinear(name: string, { linears }: QuantizableModel['architecture']): boolean {
  return linears.has(name.replace(/\.weight$/, ''))
}

function plainTensor(
  name: string,
  entry: StoredWeight,
  { half, step }: { readonly half: boolean; readonly step: () => void },
): PendingTensor {
  const { shape } = entry
  // A matrix that does not fill blocks would double where it was stored in 16 bits.
  const dtype = shape.length !== 2 ? 'F32' : half ? 'F16' : requireReal(name, entry.dtype)
  return {
    name,
    dtype,
    shape,
    length: bytesOfReal[dtype] * size(shape),
    async read() {
      step()
      const bytes = await readSafetensorsBytes(entry)
      if (dtype === entry.dtype) return bytes
      const values = widenValues(requireReal(name, entry.dtype), bytes)
      if (dtype === 'F16') requireHalves(name, values)
      return encodeValues(dtype, values)
    },
  }
}

/** The largest value of IEEE 754 binary16. */
const largestHalf = 65_504

function requireHalves(name: string, values: Float32Array): void {
  for (const value of values)
    if (Math.abs(value) > largestHalf)
      throw new TrainerError(
        'weights_invalid',
        `${name} holds ${value}, more than float16 can. Use weightPrecision=stored.`,
        { name },
      )
}

/** A matrix' blocks and scales; the scales come with the blocks, and are held until it is their turn. */
function quantizedTensors(
  name: string,
  entry: StoredWeight,
  { bits, byRow, step }: { readonly bits: QuantizedBits; readonly byRow: boolean; readonly step: () => void },
): readonly PendingTensor[] {
  const [out = 0, into = 0] = entry.shape
  const block = blockSizes[bits]
  const blockBytes = (block * bits) / 8
  const blocks = into / block
  let scales = new Float32Array(0)
  const rowScales: PendingTensor = {
    name: rowScalesName(name),
    dtype: 'F32',
    shape: [out],
    length: 4 * out,
    read: () => Promise.resolve(bytesOf(scales.filter((_, i) => i % blocks === 0))),
  }
  return [
    {
      name,
      dtype: 'U8',
      shape: [out, blocks, blockBytes],
      length: out * blocks * blockBytes,
      async read() {
        step()
        scales = new Float32Array(out * blocks)
        const packed = new Uint8Array(out * blocks * blockBytes)
        const rows = Math.max(1, Math.floor(chunkValues / into))
        for (let row = 0; row < out; row += rows) {
          const values = await readRows(name, entry, row, Math.min(rows, out - row))
          const part = byRow ? quantizeRows(values, into) : quantizeValues(values, bits)
          packed.set(part.packed, row * blocks * blockBytes)
          scales.set(part.scales, row * blocks)
        }
        return packed
      },
    },
    {
      name: scalesName(name),
      dtype: 'F32',
      shape: [out, blocks],
      length: 4 * out * blocks,
      read: () => Promise.resolve(bytesOf(scales)),
    },
    ...(byRow ? [rowScales] : []),
  ]
}

async function readRows(
  name: string,
  entry: StoredWeight,
  row: number,
  count: number,
): Promise<Float32Array> {
  const dtype = requireReal(name, entry.dtype)
  const rowBytes = (entry.shape[1] ?? 0) * bytesOfReal[dtype]
  const range = { ...entry, offset: entry.offset + row * rowBytes, length: count * rowBytes }
  return widenValues(dtype, await readSafetensorsBytes(range))
}

function zeroPoints(bits: QuantizedBits, count: number): PendingTensor {
  const length = Math.ceil((count * bits) / 8)
  return {
    name: zeroPointsName(bits),
    dtype: 'U8',
    shape: [length],
    length,
    read: () => Promise.resolve(new Uint8Array(length).fill(bits === 8 ? 0x80 : 0x88)),
  }
}

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength)
}

function size(shape: readonly number[]): number {
  return shape.reduce((a, b) => a * b, 1)
}

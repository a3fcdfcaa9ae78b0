import { basename, dirname } from 'node:path'
import { readSafetensorsHeader } from '../checkpoint/safetensors.ts'
import type { SafetensorsEntry } from '../checkpoint/safetensors.ts'
import { TrainerError } from '../errors.ts'
import { cast } from '../graph/ops.ts'
import { halfMatrix } from '../graph/half-matrix.ts'
import { quantizedMatrix } from '../graph/quantized-matrix.ts'
import { weight } from '../graph/tensor.ts'
import type { Tensor, WeightLocation } from '../graph/tensor.ts'
import { requireReal } from './half-values.ts'
import { blockSizes } from './quantize.ts'
import type { QuantizedBits } from './quantize.ts'
import { rowScalesName, scalesName, zeroPointsName } from './quantized-weights.ts'
import type { Parameters } from './weights.ts'

/**
 * How matrices of 8 bits are multiplied: in blocks, which is best for few rows, or as rows of bytes (`integerProduct`),
 * best for many: in both passes, or in the backward pass alone.
 */
export type ProductForm = 'blocks' | 'rows' | 'backwardRows'

/**
 * The layers behind attention (T5, GPT-Neo, BERT). Heads differ so much in size that rounding with one scale a row
 * would lose the small ones: on the starter models these layers alone cost as much precision as all others together.
 */
const attentionOutput = /\.(o|out_proj|attention\.output\.dense)\.weight$/

/** A quantised file that was opened: its header is read, its weights stay on disk. */
export interface QuantizedWeights {
  readonly folder: string
  /** What it was made of, see `quantizedKey`. */
  readonly key: string
  /** The parameters of the file, `blocks` unless asked otherwise; what it does not hold is asked of `others`. */
  parameters(others: Parameters, form?: ProductForm): Parameters
}

const storedTypes = { F32: 'float32', F16: 'float16', BF16: 'bfloat16' } as const

/**
 * Opens a file that `writeQuantizedWeights` wrote. With `half`, float16 matrices are multiplied as they are.
 *
 * @throws TrainerError as `readSafetensorsHeader` does, and `weights_invalid` where a matrix lacks its scales.
 */
export async function openQuantizedWeights(
  path: string,
  { half }: { readonly half: boolean } = { half: false },
): Promise<QuantizedWeights> {
  const { entries, metadata } = await readSafetensorsHeader(path)
  const at = (name: string): SafetensorsEntry => {
    const entry = entries.get(name)
    if (!entry)
      throw new TrainerError('weights_invalid', `${path} lacks ${name}. Delete it; it is made again.`, {
        path,
      })
    return entry
  }
  for (const [name, { dtype, shape }] of entries)
    if (dtype === 'U8' && shape.length === 3) {
      at(scalesName(name))
      at(zeroPointsName(bitsOf(shape)))
    }
  const file = basename(path)
  const place = (entry: SafetensorsEntry, length = entry.length): WeightLocation => ({
    file,
    offset: entry.offset,
    length,
  })

  // A prefix of what all matrices share.
  const zeros = (bits: QuantizedBits, count: number) =>
    place(at(zeroPointsName(bits)), Math.ceil((count * bits) / 8))

  const tensorOf = (name: string, entry: SafetensorsEntry, form: ProductForm): Tensor => {
    const { shape } = entry
    if (entry.dtype !== 'U8') {
      const stored = weight(name, storedTypes[requireReal(name, entry.dtype)], shape, place(entry))
      return half && entry.dtype === 'F16' && shape.length === 2
        ? halfMatrix(stored)
        : cast(stored, 'float32')
    }
    const [out = 0, blocksInRow = 0] = shape
    const bits = bitsOf(shape)
    const block = blockSizes[bits]
    const count = out * blocksInRow
    const stored = place(at(scalesName(name)))
    const blocks = weight(name, 'uint8', shape, place(entry))
    const scales = weight(scalesName(name), 'float32', [count], stored)
    const rowScales = entries.get(rowScalesName(name))
    const byRow = rowScales && {
      values: weight(`${name}.rows`, 'uint8', [out, blocksInRow * block], place(entry)),
      scales: weight(rowScalesName(name), 'float32', [out], place(rowScales)),
      forward: form === 'rows' && !attentionOutput.test(name),
    }
    const of8Bits = () => {
      const perBlock = [out, blocksInRow, 1]
      return {
        values: blocks,
        scales: weight(`${scalesName(name)}.blocks`, 'float32', perBlock, stored),
        zeroPoints: weight(`${zeroPointsName(8)}.${out}.${blocksInRow}`, 'uint8', perBlock, zeros(8, count)),
      }
    }
    const of4Bits = () => ({
      values: weight(`${name}.rows`, 'uint4', [count, block], place(entry)),
      scales,
      zeroPoints: weight(`${zeroPointsName(4)}.${count}`, 'uint4', [count], zeros(4, count)),
    })
    return quantizedMatrix({
      out,
      into: blocksInRow * block,
      bits,
      block,
      blocks,
      scales,
      widening: bits === 8 ? of8Bits() : of4Bits(),
      rows: byRow && form !== 'blocks' ? byRow : null,
    })
  }

  return {
    folder: dirname(path),
    key: metadata['key'] ?? '',
    parameters: (others, form = 'blocks') => {
      const made = new Map<string, Tensor>()
      return (name) => {
        const known = made.get(name)
        if (known) return known
        const entry = entries.get(name)
        const tensor = entry ? tensorOf(name, entry, form) : others(name)
        made.set(name, tensor)
        return tensor
      }
    },
  }
}

function bitsOf([, , blockBytes]: readonly number[]): QuantizedBits {
  return blockBytes === blockSizes[8] ? 8 : 4
}
